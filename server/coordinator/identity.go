package coordinator

// TransferID is the ID of the transfer that [Coordinator.Start] makes for the
// worker's idempotency key: whoever judges a refused request knows by it which
// transfer there must not be.
func TransferID(interactionChannelSID, workerSID, key string) string {
	return transferID(interactionChannelSID, workerSID, key)
}
