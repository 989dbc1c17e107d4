package check

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	sigsyaml "sigs.k8s.io/yaml"
)

// kinds are the types that the manifests may use.
var kinds = map[string]func() any{
	"apps/v1 Deployment":                 func() any { return &appsv1.Deployment{} },
	"apps/v1 StatefulSet":                func() any { return &appsv1.StatefulSet{} },
	"v1 Service":                         func() any { return &corev1.Service{} },
	"v1 ConfigMap":                       func() any { return &corev1.ConfigMap{} },
	"v1 Secret":                          func() any { return &corev1.Secret{} },
	"policy/v1 PodDisruptionBudget":      func() any { return &policyv1.PodDisruptionBudget{} },
	"networking.k8s.io/v1 NetworkPolicy": func() any { return &networkingv1.NetworkPolicy{} },
}

// manifests decodes every document of ../kubernetes, refusing unknown fields.
func manifests(t *testing.T) map[string]any {
	t.Helper()
	files, err := filepath.Glob("../kubernetes/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no manifests: %v", err)
	}
	all := map[string]any{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		decoder := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(text)))
		for {
			document := make([]byte, len(text)+1)
			n, err := decoder.Read(document)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			name, object := decode(t, file, document[:n])
			all[name] = object
		}
	}
	return all
}

func decode(t *testing.T, file string, document []byte) (name string, object any) {
	t.Helper()
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}
	if err := sigsyaml.Unmarshal(document, &head); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	make, known := kinds[head.APIVersion+" "+head.Kind]
	if !known || head.Metadata.Name == "" {
		t.Fatalf("%s: %s %s %q is not of a kind that is checked", file, head.APIVersion, head.Kind, head.Metadata.Name)
	}
	object = make()
	if err := sigsyaml.UnmarshalStrict(document, object); err != nil {
		t.Errorf("%s: %s %s: %v", file, head.Kind, head.Metadata.Name, err)
	}
	return head.Kind + " " + head.Metadata.Name, object
}

func get[T any](t *testing.T, all map[string]any, name string) T {
	t.Helper()
	object, ok := all[name].(T)
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	return object
}

// TestKubernetes holds the manifests to Kubernetes' types, and to each other.
func TestKubernetes(t *testing.T) {
	all := manifests(t)
	for _, need := range []string{"Deployment flex-transfer", "Service flex-transfer", "PodDisruptionBudget flex-transfer", "ConfigMap flex-transfer",
		"ConfigMap flex-transfer-settings", "Secret flex-transfer", "StatefulSet nats", "Service nats", "ConfigMap nats", "PodDisruptionBudget nats"} {
		if all[need] == nil {
			t.Errorf("there is no %s", need)
		}
	}
	d := get[*appsv1.Deployment](t, all, "Deployment flex-transfer")
	labels := d.Spec.Template.Labels
	if s := get[*corev1.Service](t, all, "Service flex-transfer"); s.Spec.Selector["app"] != labels["app"] {
		t.Error("the service selects other pods than the deployment has")
	}
	if p := get[*policyv1.PodDisruptionBudget](t, all, "PodDisruptionBudget flex-transfer"); p.Spec.Selector.MatchLabels["app"] != labels["app"] ||
		p.Spec.MinAvailable.IntValue() >= int(*d.Spec.Replicas) {
		t.Error("the disruption budget does not fit the deployment")
	}
	c := d.Spec.Template.Spec.Containers[0]
	if c.ReadinessProbe.HTTPGet.Path != "/readyz" || c.LivenessProbe.HTTPGet.Path != "/healthz" {
		t.Error("the probes ask for something else")
	}
	for _, from := range c.EnvFrom {
		if from.ConfigMapRef != nil && all["ConfigMap "+from.ConfigMapRef.Name] == nil || from.SecretRef != nil && all["Secret "+from.SecretRef.Name] == nil {
			t.Errorf("%+v is not there", from)
		}
	}
	nodes := get[*appsv1.StatefulSet](t, all, "StatefulSet nats")
	config := get[*corev1.ConfigMap](t, all, "ConfigMap flex-transfer")
	for i := range *nodes.Spec.Replicas {
		if node := fmt.Sprintf("nats://nats-%d.%s:4222", i, nodes.Spec.ServiceName); !strings.Contains(config.Data["NATS_URLS"], node) {
			t.Errorf("NATS_URLS does not name %s", node)
		}
	}
	if conf := get[*corev1.ConfigMap](t, all, "ConfigMap nats").Data["nats.conf"]; !strings.Contains(conf, "sync_interval: always") {
		t.Error("NATS does not sync every write")
	}
}

// TestSettingsAreKnown holds the names in the environment to the program's own
// sources: a setting that is misspelled would be ignored.
func TestSettingsAreKnown(t *testing.T) {
	var known strings.Builder
	for _, file := range []string{"../../server/app/config.go", "../../server/app/features.go", "../../server/settings/fields.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		known.Write(text)
	}
	all := manifests(t)
	names := []string{}
	for name := range get[*corev1.ConfigMap](t, all, "ConfigMap flex-transfer").Data {
		names = append(names, name)
	}
	for name := range get[*corev1.Secret](t, all, "Secret flex-transfer").StringData {
		names = append(names, name)
	}
	env, err := os.ReadFile("../example.env")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(env)) {
		if name, _, set := strings.Cut(line, "="); set && !strings.HasPrefix(line, "#") {
			names = append(names, name)
		}
	}
	if len(names) < 15 {
		t.Errorf("only %v", names)
	}
	for _, name := range names {
		if !strings.Contains(known.String(), `env:"`+name+`"`) && !strings.Contains(known.String(), `"`+name+`"`) {
			t.Errorf("%s is no setting", name)
		}
	}
}

// TestCompose holds the compose file to the Compose specification.
func TestCompose(t *testing.T) {
	dir := t.TempDir()
	for from, to := range map[string]string{"../compose.yaml": "compose.yaml", "../example.env": ".env"} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, to), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	options, err := cli.NewProjectOptions([]string{filepath.Join(dir, "compose.yaml")}, cli.WithWorkingDirectory(dir))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	names := project.ServiceNames()
	slices.Sort(names)
	if want := []string{"backend-0", "backend-1", "backend-2", "nats-0", "nats-1", "nats-2", "proxy"}; !slices.Equal(names, want) {
		t.Errorf("services %v, want %v", names, want)
	}
	for _, name := range names[:3] {
		s := project.Services[name]
		for _, n := range []string{"nats-0", "nats-1", "nats-2"} {
			if !strings.Contains(*s.Environment["NATS_URLS"], "nats://"+n+":4222") {
				t.Errorf("%s: NATS_URLS does not name %s", name, n)
			}
		}
		if s.Environment["TWILIO_ACCOUNT_SID"] == nil {
			t.Errorf("%s does not read .env", name)
		}
	}
}
