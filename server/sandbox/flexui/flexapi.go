package flexui

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/flex-transfer/flex-transfer/server/sandbox"
)

// maxBody is more than any request of Flex's.
const maxBody = 1 << 20

// flexAPI is flex-api.twilio.com.
func (s *Server) flexAPI() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/Configuration", s.signedIn(s.configuration))
	mux.HandleFunc("GET /v1/Configuration/Public", s.publicConfiguration)
	mux.HandleFunc("POST /v1/Accounts/{account}/Tokens/Info", s.tokenInfo)
	mux.HandleFunc("GET /v1/account/provision/status", s.signedIn(s.provisionStatus))
	mux.HandleFunc("GET /v1/Instances/{instance}/Teams/Context", s.signedIn(func(w http.ResponseWriter, _ *http.Request, _ sandbox.FlexSession) {
		answer(w, http.StatusOK, map[string]any{"team_setup_complete": false})
	}))
	mux.Handle("/v1/Interactions", s.account.Handler())
	mux.Handle("/v1/Interactions/", s.account.Handler())
	mux.Handle("/v1/Instances/", s.account.Handler())
	mux.HandleFunc("/", s.nobody)
	return mux
}

// hostedFlex is flex.twilio.com.
func (s *Server) hostedFlex() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/Session", s.signedIn(s.session))
	mux.HandleFunc("GET /plugins", s.signedIn(s.plugins))
	mux.HandleFunc("GET /api/v1/Features/{name}", s.signedIn(s.feature))
	mux.HandleFunc("POST /logs/batch", swallow)
	mux.HandleFunc("/", s.nobody)
	return mux
}

// status is status.twilio.com: nothing is the matter with Twilio.
func (s *Server) status() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v2/summary.json", func(w http.ResponseWriter, _ *http.Request) {
		components := []any{}
		for _, name := range []string{"FLEX", "Flex Application Platform", "TaskRouter"} {
			components = append(components, map[string]any{"id": strings.ToLower(name), "name": name, "status": "operational"})
		}
		answer(w, http.StatusOK, map[string]any{"components": components, "incidents": []any{}, "scheduled_maintenances": []any{},
			"status": map[string]any{"indicator": "none", "description": "All Systems Operational"}})
	})
	mux.HandleFunc("/", s.nobody)
	return mux
}

// iam is iam.twilio.com: Flex renews its token there.
func (s *Server) iam() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/Accounts/{account}/Tokens/refresh", s.refreshToken)
	mux.Handle("/", s.account.Handler())
	return mux
}

// assets is assets.flex.twilio.com and assets.twilio.com. Flex does without the pictures and fonts that are not here.
func (s *Server) assets() http.Handler {
	mux := http.NewServeMux()
	list := func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, []any{}) }
	mux.HandleFunc("GET /assets/countries.json", list)
	mux.HandleFunc("GET /assets/flagPositions.json", list)
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".css") {
			w.Header().Set("Content-Type", "text/css")
			return
		}
		http.NotFound(w, r)
	})
	return mux
}

// media is media.twiliocdn.com: every sound is a moment of silence.
func (s *Server) media() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		const samples = 800 // of 8 bits, 8,000 a second
		w.Header().Set("Content-Type", "audio/wav")
		_, _ = io.WriteString(w, "RIFF\x44\x03\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\x20\x03\x00\x00"+
			strings.Repeat("\x80", samples))
	})
}

func swallow(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody))
	w.WriteHeader(http.StatusNoContent)
}

type sessionHandler func(w http.ResponseWriter, r *http.Request, session sandbox.FlexSession)

// signedIn lets through who shows a good token, in any of the places where Flex puts it.
func (s *Server) signedIn(h sessionHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		session, err := s.account.FlexSession(tokenOf(r))
		if err != nil {
			refuse(w, err)
			return
		}
		h(w, r, session)
	}
}

// tokenOf finds the token: in x-flex-jwe, or as the password of Basic authentication, where Flex leaves a stray ")" behind.
func tokenOf(r *http.Request) string {
	if token := r.Header.Get("X-Flex-Jwe"); token != "" {
		return token
	}
	encoded, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Basic ")
	text, err := base64.StdEncoding.DecodeString(strings.TrimRight(encoded, ") "))
	if err != nil {
		return ""
	}
	_, token, _ := strings.Cut(string(text), ":")
	return token
}

// configuration is the Flex Configuration resource. Source: its OpenAPI document, and what Flex UI 2.17 reads.
func (s *Server) configuration(w http.ResponseWriter, r *http.Request, _ sandbox.FlexSession) {
	a, born := s.account, "2024-01-01T00:00:00Z"
	attributes := map[string]any{"version_compatibility": "yes", "version_message": "", "warmTransfers": map[string]any{"enabled": false}}
	maps.Copy(attributes, s.options.UIAttributes)
	snapshot := a.Snapshot()
	queues, skills := []any{}, []any{}
	for _, q := range snapshot.Queues {
		queues = append(queues, map[string]any{"sid": q.SID, "targettable": true})
	}
	workflow := ""
	if len(snapshot.Workflows) > 0 {
		workflow = snapshot.Workflows[0].SID
	}
	answer(w, http.StatusOK, map[string]any{
		"account_sid": a.AccountSID(), "attributes": map[string]any{}, "call_recording_enabled": false,
		"call_recording_webhook_url": nil, "channel_configs": []any{}, "chat_service_instance_sid": a.ChatServiceSID(),
		"crm_attributes": nil, "crm_callback_url": nil, "crm_enabled": false, "crm_fallback_url": nil, "crm_type": nil,
		"date_created": born, "date_updated": born, "debugger_integration": map[string]any{"enabled": false},
		"flex_instance_sid": a.InstanceSID(), "flex_service_instance_sid": a.ChatServiceSID(),
		"flex_insights_drilldown": false, "flex_insights_hr": map[string]any{}, "flex_ui_status_report": map[string]any{"enabled": false},
		"flex_url": s.URL(), "integrations": []any{}, "markdown": map[string]any{"enabled": false},
		"messaging_service_instance_sid": nil, "notifications": map[string]any{"enabled": false}, "outbound_call_flows": map[string]any{},
		"plugin_service_attributes": map[string]any{}, "plugin_service_enabled": true, "public_attributes": map[string]any{},
		"queue_stats_configuration": map[string]any{}, "runtime_domain": "", "serverless_service_sids": []any{},
		"service_version": "", "status": "ok", "taskrouter_offline_activity_sid": offline(snapshot),
		"taskrouter_skills": skills, "taskrouter_target_taskqueue_sid": "", "taskrouter_target_workflow_sid": workflow,
		"taskrouter_taskqueues": queues, "taskrouter_worker_attributes": map[string]any{},
		"taskrouter_worker_channels": map[string]any{}, "taskrouter_workspace_sid": a.WorkspaceSID(),
		"ui_attributes": attributes, "ui_dependencies": map[string]any{}, "ui_language": s.options.Language, "ui_version": r.URL.Query().Get("UiVersion"),
		"url": "https://flex-api.twilio.com/v1/Configuration",
	})
}

// offline is the activity of those who sign out.
func offline(s sandbox.Snapshot) string {
	for _, v := range s.Activities {
		if !v.Available && v.FriendlyName == "Offline" {
			return v.SID
		}
	}
	for _, v := range s.Activities {
		if !v.Available {
			return v.SID
		}
	}
	return ""
}

func (s *Server) publicConfiguration(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"configurations": []any{map[string]any{
		"account_sid": s.account.AccountSID(), "runtime_domain": "", "ui_language": s.options.Language,
		"flex_instance_sid": s.account.InstanceSID(), "plugin_service_enabled": true, "ui_dependencies": map[string]any{},
		"ui_attributes": map[string]any{}, "public_attributes": map[string]any{},
	}}})
}

// tokenInfo says whom a token stands for. Where it is not good, the answer is 200 with valid false, as the sandbox's
// validation gives it. Source: TokenInfoResponse of @twilio/flex-sdk.
func (s *Server) tokenInfo(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	token := r.FormValue("Token")
	if token == "" {
		token = tokenOf(r)
	}
	session, err := s.account.FlexSession(token)
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"valid": true, "code": 0, "message": nil, "expiration": session.Expires.UTC().Format(time.RFC3339),
		"identity": session.Identity, "realm_user_id": session.Identity, "roles": session.Roles,
		"worker_sid": session.WorkerSID, "flex_user_sid": flexUserSID(session.WorkerSID),
	})
}

// flexUserSID makes the SID of a Flex user out of its worker's: the account has no Flex users of its own.
func flexUserSID(workerSID string) string { return "FU" + strings.TrimPrefix(workerSID, "WK") }

// refreshToken gives out a new token for one that is still good.
func (s *Server) refreshToken(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Token string `json:"token"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&in); err != nil {
		refuse(w, invalid("The body is not valid JSON"))
		return
	}
	session, err := s.account.FlexSession(in.Token)
	if err != nil {
		refuse(w, err)
		return
	}
	token, err := s.account.IssueToken(session.WorkerSID, s.options.TokenLifetime)
	if err != nil {
		refuse(w, err)
		return
	}
	if session, err = s.account.FlexSession(token); err != nil {
		refuse(w, err)
		return
	}
	answer(w, http.StatusOK, map[string]any{"token": token, "expiration": session.Expires.UTC().Format(time.RFC3339),
		"identity": session.Identity, "roles": session.Roles, "worker_sid": session.WorkerSID,
		"flex_user_sid": flexUserSID(session.WorkerSID)})
}

// session is what Flex may switch on.
func (s *Server) session(w http.ResponseWriter, _ *http.Request, _ sandbox.FlexSession) {
	answer(w, http.StatusOK, map[string]any{"features": []any{}, "insights_active": false})
}

// feature is one of Flex's feature flags: all are off.
func (s *Server) feature(w http.ResponseWriter, r *http.Request, _ sandbox.FlexSession) {
	answer(w, http.StatusOK, map[string]any{"name": r.PathValue("name"), "enabled": false})
}

// provisionStatus says that the account has no email channel of its own.
func (s *Server) provisionStatus(w http.ResponseWriter, _ *http.Request, _ sandbox.FlexSession) {
	answer(w, http.StatusOK, map[string]any{"status": "not_provisioned"})
}

// plugins is Flex's plugin service.
func (s *Server) plugins(w http.ResponseWriter, _ *http.Request, _ sandbox.FlexSession) {
	list := []any{}
	for _, p := range s.options.Plugins {
		list = append(list, map[string]any{"name": p.Name, "version": p.Version, "phase": 3, "src": p.Src, "enabled": true,
			"class": p.Name, "requires": []any{}})
	}
	answer(w, http.StatusOK, list)
}
