// Package flexui lets the real Flex UI (npm @twilio/flex-ui 2.17) run in a browser against a simulated account: it stands in
// for the hosts of Twilio's that Flex asks, over one TLS listener, with the same account behind them as the REST API. What an
// agent does in Flex is done by the code that server/sandbox/stage acts through, so webhooks, events and the record tell of it.
//
//	dist, err := bundle.Build("server/sandbox/flexui/ui")
//	server, err := flexui.New(account, flexui.Options{BundleDir: dist})
//	defer server.Close()
//	address, err := server.SignInURL("ada") // open it in a Chromium that was started with server.ChromiumFlags()
//
// From a shell: go run ./server/sandbox/flexui/start, see there. Chromium is told by --host-resolver-rules to find
// *.twilio.com here and by the hash of the server's key to take its certificate; the certificate authority is made at the
// first start and kept in Options.StateDir. Nothing but 127.0.0.1 resolves, so that a request that nobody imitates fails at
// once, and Unanswered lists those that came here. Two workers need two browser profiles: Flex keeps its token in
// localStorage. Whoever reaches the listener can sign in as any worker, so it listens on loopback addresses alone.
//
// The shapes are what the client code parses, not recorded traffic. Sources: the bundle of @twilio/flex-ui, npm
// twilio-taskrouter 2.1 (worker, reservations, tasks), @twilio/flex-sdk 3.0 (tokens, configuration, and its cbm-sdk for
// interactions). To read them: node_modules under ui/, esbuild without --minify, and the source maps of flex-sdk.
//
// # HTTP, by host
//
//	page's own host (127.0.0.1)
//	  GET  /?Token=…&Identity=…&Expiration=…&Roles=…    Flex; without Token, a list of workers
//	  GET  /as/{worker}                                 mints a token and redirects to the above
//	  GET  /plugins                                     the plugin service (header X-Flex-Jwe): [{name, version, phase: 3, src, …}]
//	  GET  /flex-ui.js                                  the bundle; then Options.Pages
//	flex-api.twilio.com
//	  GET  /v1/Configuration?UiVersion=                 snake_case; ui_attributes has Options.UIAttributes in it
//	  GET  /v1/Configuration/Public
//	  POST /v1/Accounts/{AC}/Tokens/Info                form Token=: {valid, expiration, identity, roles, worker_sid, flex_user_sid}
//	  GET  /v1/account/provision/status                 that of the email channel: not provisioned
//	  GET  /v1/Instances/{GO}/Teams/Context             {team_setup_complete: false}
//	  *    /v1/Interactions…, /v1/Instances…            the REST API, with its own credentials
//	flex.twilio.com
//	  GET  /api/v1/Session                              {features: [], insights_active: false}
//	  GET  /api/v1/Features/{name}                      {enabled: false}
//	  GET  /plugins, POST /logs/batch
//	iam.twilio.com
//	  POST /v1/Accounts/{AC}/Tokens/refresh             {token} → a new one, with whom it is for
//	assets.flex.twilio.com, assets.twilio.com           countries.json, flagPositions.json, empty style sheets
//	status.twilio.com /api/v2/summary.json              nothing is the matter
//	media.twiliocdn.com                                 silence
//	taskrouter, conversations                           the REST API
//	event-bridge.twilio.com /v1/wschannels              below
//	tsock.us1.twilio.com /v3/wsconnect                  package twilsock: Conversations and Sync
//
// Flex shows its token as x-flex-jwe, or as the password of Basic authentication with a stray ")" behind it. Tokens are the
// account's (Account.IssueToken), so the backend's validation takes them and RevokeToken ends them. Every Twilio host reflects
// the origin, with credentials; the page's own host does not.
//
// # The event bridge: what happens
//
// WebSocket wss://event-bridge.twilio.com/v1/wschannels?token=…&closeExistingSessions=…&clientVersion=…; frames are text.
// A bad token is closed with 1008. Server to client only:
//
//	{"event_type": "init", "payload": {channel_id: WK…, account_sid, workspace_sid, token_lifetime (ms)}}   first
//	" "                                                        every 10 s: Flex gives up after 30 s of silence
//	reservation.created, .accepted, .rejected, .timeout, .canceled, .rescinded, .wrapup, .completed
//	                                                           the reservation with its whole task
//	task.updated, .wrapup, .completed, .canceled               the task, where the worker has or had it
//	worker.activity.update, worker.attributes.update           the worker
//	worker.capacity.update, worker.channel.availability.update the worker channel
//	participant.added, participant.removed                     of interaction channels in which the worker has a task;
//	                                                           routing_properties are the receiving worker's, as Flex looks
//	                                                           for its own task by them
//
// After init Flex reads worker, activities, channels and reservations by remote call. Objects are the REST API's with dates as
// seconds since 1970, attributes as JSON text and a version; twilio-taskrouter throws an object away that lacks one property of
// its lists (views.go; bridge_test.go has the lists). Changes come from Account.Watch. A change was noted in the middle of an
// action, so the payload is read anew when it is sent; the status alone is the change's. A reset of the account and a window
// that is 4,096 changes behind are closed with 1001, and Flex connects anew.
//
// # The event bridge: remote calls
//
// POST to the same address, {"url", "method", "params", "token"} → {"payload"}; errors as in REST. Lists are {contents,
// after_sid} and, with an Ordering ("DateStatusChanged:desc"), {contents, meta: {next_token}}.
//
//	GET  Workspaces/WS/Activities · TaskQueues[/WQ] · Tasks/WT
//	GET  Workspaces/WS/Workers[/WK]                       TargetWorkersExpression: what the transfer directory searches by
//	POST Workspaces/WS/Workers/WK                         ActivitySid, Attributes
//	GET  Workspaces/WS/Workers/WK/WorkerChannels · POST …/WC  Capacity, Available
//	GET  Workspaces/WS/Workers/WK/Reservations[/WR]       open ones
//	POST Workspaces/WS/Workers/WK/Reservations/WR         ReservationStatus accepted, rejected, wrapping, completed
//	POST Workspaces/WS/Tasks/WT                           Attributes, AssignmentStatus
//	GET  v1/Interactions/KD[/Channels[/UO[/Participants]]]
//	POST v1/Interactions/KD/Channels/UO                   status closed with routing.status wrapup (End) or closed (Complete);
//	                                                      status inactive
//	POST …/UO/Participants[/UT]                           adds; status closed, wrapup
//	POST …/UO/Invites/KG                                  {action: accept | decline, routing: {reservation: {sid}}}
//
// A worker may act on its own worker, reservations, tasks and channels; supervisors and admins on all.
//
// # To add the next one
//
// Start with -verbose, do in Flex what does not work, and look at Unanswered, at the log, and at what Flex's console says.
// Find the call in the npm packages and read what is done with its answer. A host is a line in allHosts, an endpoint a line in
// its function, a remote call a line in taskRouterCalls or interactionCalls, an event a case of bridge.tell. What changes the
// account goes through an acting method or Account.ServeFlex, never around it.
//
// # What is not imitated
//
//   - Sign-in by SSO and OAuth; refresh tokens. Flex users: their SIDs are made of the workers'.
//   - Voice, calls' participants (hold, kick, conferences), recordings; native transfers (Transfers); pausing and resuming
//     conversations; outbound conversations started from Flex; supervisors' monitoring.
//   - Live queries of Insights (tr-worker, tr-queue, tr-reservation over Sync), which the Teams and Queues views and hidden
//     queue filters of the directory need; GraphQL; Unified Profiles; Copilot; telemetry, which is answered by nobody.
//   - Outbound settings, UI customisation, status incidents, translations of Flex's own texts (locales are not found).
//   - Reasons given with wrapping up and completing; search in the directory without regard to case.
//   - If-Match (enableVersionCheck); closing a worker's other sessions; setting a worker offline when its window is gone.
//   - Events that were missed while the connection was down: who connects anew reads its reservations again.
package flexui
