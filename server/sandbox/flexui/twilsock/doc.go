// Package twilsock imitates the protocol by which Twilio's browser SDKs (@twilio/conversations, twilio-sync and twilsock,
// as @twilio/flex-ui 2.17 uses them) talk to wss://tsock.us1.twilio.com/v3/wsconnect, for a simulated account: live, and
// the same account as its REST API and its TaskRouter.
//
//	http.Handle("/v3/wsconnect", twilsock.New(account, logger))
//
// What follows is what the SDKs send and parse (their sources, as npm has them), not recorded traffic of Twilio's.
//
// # Frames
//
// A WebSocket message is a frame: "TWILSOCK V3.0 <length of the header in bytes>\r\n", a JSON header, "\r\n", and a payload
// of payload_size bytes. Every frame has a method and an id, and is answered by a frame of method reply with the same id
// and a status {code, status}. A frame that is none is answered by close 406.
//
//	from the SDK
//	init                     {token, registrations, continuation_token}: signs in by a Flex token. The reply has a
//	                         continuation_token, what was registered, and an offline_storage for each product. A bad token
//	                         is answered 401 with errorCode 20101 (unknown) or 20104 (expired).
//	update                   {token}: another token of the same identity (403 if it is somebody else's)
//	message                  {http_request: {method, host, path, params, headers}} and a body: an HTTP request in a frame.
//	                         The reply has http_status, http_headers and a body. params are still escaped.
//	put_notification_ctx     {notification_ctx_id} and {message_types}: what the SDK wants to be told, besides what it named
//	                         in init; delete_notification_ctx ends it
//	telemetry.v1, ping       taken, and forgotten
//	close                    ends the connection
//
//	to the SDK
//	notification             {message_type, notification_ctx_id} and a payload; the SDK replies, which is ignored
//	client_update            {client_update_type: token_about_to_expire}: 3 minutes before, or at half the time of a token
//	                         that lives shorter
//	close                    {status}: 410 the token has expired, 401 it was revoked (noticed at the next request), 406
//
// # Requests
//
// The first label of the host says which service is asked; all others are answered 404.
//
//   - aim, /Client/v2 (aim.go, users.go): Configuration; MyConversations; Conversations/CH with Messages and Participants;
//     Users; Typing; MessageRecipients and Receipts (always empty); ChannelMetadata (404 with code 50530: there is none).
//   - cds (cds.go, subscriptions.go): v3/Documents, v3/Maps, v3/Lists and their Items; v4/Subscriptions.
//   - ers: registrations for push notifications are taken; none are sent. flex-sdk: v1/Telemetry/Events is taken too.
//
// Changes go through sandbox.Account.ServeSDK: the code of the REST API, with webhooks. Who may do what, roles not being
// imitated: who is in a conversation may write, edit its own messages, show typing, note how far it has read, change the
// conversation's attributes and names, and leave. Supervisors and admins also look into other conversations, and add
// and remove participants. Anything else is answered 403.
//
// # Sync objects
//
// A conversation is a document CH….channel (names, attributes, state, last message), a map CH….roster (participants by
// SID) and a list CH….messages (by index). An identity is a map US….info (friendlyName, attributes, reachability) and a
// map US….convs (the conversations that it is in, by SID). They are views of the account and cannot be changed as Sync
// objects. Objects that an SDK makes itself are kept as long as the handler lives, for every signed-in worker to read and
// change; Flex's guard of single sessions lives on one.
//
// Events are numbered across all objects and begin with the time at which the handler first met an SDK: an SDK compares
// them with what it has seen, also of a process before.
//
// # Pushed
//
//   - com.twilio.rtd.cds.document, .map, .list: {event_type, event_protocol_version, event}. The events are
//     document_updated, document_removed, {map,list}_item_{added,updated,removed} and {map,list}_removed.
//   - twilio.sync.event: subscription_established, _canceled and _failed, and before the first the events that were missed
//     since the last_event_id of the request. Of each item only what it is now is told, and removals.
//   - twilio.ipmsg.typing_indicator: {channel_sid, identity, typing_timeout}, to the others in the conversation.
//
// So an SDK that was cut off resumes by subscribing again. Who is taken out of a conversation gets the item's removal from
// the roster and from its own US….convs, and no more; a subscription to the conversation fails then.
//
// A reader that is more than 1024 frames behind is cut off, and comes back by itself.
//
// # How it decides where the SDKs do not tell
//
//   - A closed conversation stays in the lists of who is in it; its document says state closed.
//   - Twilio's REST dates have whole seconds, and so have those in the objects of conversations.
//   - A worker's name is its attribute full_name, else its friendly name; a customer's is its participant's attribute
//     friendlyName, else the identity.
//
// # What is not imitated
//
//   - Live queries (v3/Insights: supervisors' Teams view, filters of hidden queues), streams, the time to live of objects.
//   - Making and deleting conversations, and removing messages, by an SDK; a message that is deleted by REST stays visible
//     until the SDK reads again in a new handler, for the account tells nobody of it.
//   - Media, content templates, delivery receipts, channel metadata, recipients of mails, push notifications.
//   - Chat roles and their permissions, conversations without Flex's tokens (customers' SDKs), the limits of Sync and
//     Conversations, offloading (close 308), backoff policies, faults (those of the REST API are not for SDKs).
//   - A continuation token only goes back and forth.
package twilsock
