package sandbox

import (
	"fmt"
	"math/rand/v2"
)

// The parts that the workers of a large world are made of: names of several languages, with and without accents.
var (
	givenNames = []string{
		"Aarav", "Ada", "Agnieszka", "Alejandra", "Álvaro", "Amélie", "Anders", "Anna", "Aoife", "Ayşe", "Beatriz", "Björn", "Çağla",
		"Chidi", "Chloë", "Clémence", "Dmitri", "Élodie", "Elżbieta", "Emeka", "Esperança", "Fátima", "François", "Giulia", "Hồng",
		"Ingrid", "Íñigo", "Jakub", "João", "José", "Jürgen", "Kateřina", "Laïla", "Łukasz", "Mária", "Mercè", "Müge", "Ngọc", "Niamh",
		"Nuño", "Óscar", "Ömer", "Paweł", "Priya", "Renée", "Rosa", "Sébastien", "Siobhán", "Søren", "Tomáš", "Ürün", "Víctor", "Wei",
		"Xóchitl", "Yūki", "Zoë", "Αλέξανδρος", "Ольга", "สมชาย", "小龙",
	}
	familyNames = []string{
		"Abel", "Adeyemi", "Ångström", "Bergström", "Błaszczyk", "Brontë", "Castañeda", "Çelik", "Da Silva", "Demir", "Dvořák", "Ébert",
		"Eriksson", "Fernández", "García", "Gómez", "González", "Grünwald", "Håkansson", "Hernández", "İnönü", "Ivanova", "Jørgensen",
		"Kowalski", "Kříž", "Lefèvre", "Lindqvist", "López", "Márquez", "Müller", "Muñoz", "Nguyễn", "Núñez", "O'Neill", "Okafor",
		"Ortiz", "Östberg", "Pérez", "Petrović", "Ramírez", "Rodríguez", "Sánchez", "Šimić", "Smith", "Sørensen", "Suárez", "Tanaka",
		"Trần", "Ünal", "van der Berg", "Vásquez", "Wójcik", "Weiß", "Yıldız", "Zieliński", "Żółć", "Παπαδόπουλος", "Петров", "ใจดี", "李",
	}
	largeTeams  = []string{"Billing EMEA", "Billing LATAM", "Retención", "Ventas", "Night shift", "Onboarding", "Réclamations", "VIP desk", "Technik", "Returns"}
	largeSkills = []string{
		"billing", "returns", "chat", "english", "español", "français", "deutsch", "português", "polski", "vip", "refunds", "fraud",
		"shipping", "technical", "onboarding", "cancellations", "loyalty", "outbound", "email", "whatsapp",
	}
)

// LargeWorld returns the demo's world with so many workers in all, the demo's first: names of several languages, teams,
// skills, all made from the seed, and a queue for each skill. Most are offline, as in a company of all time zones.
func LargeWorld(workers int, seed uint64) World {
	w := DemoWorld()
	r := rand.New(rand.NewPCG(seed, 15_000))
	for i := len(w.Workers); i < workers; i++ {
		w.Workers = append(w.Workers, largeWorker(r, i))
	}
	for _, skill := range largeSkills[3:] {
		w.Queues = append(w.Queues, WorldQueue{FriendlyName: "Skill " + skill, TargetWorkers: fmt.Sprintf("routing.skills HAS %q", skill)})
	}
	return w
}

func largeWorker(r *rand.Rand, i int) WorldWorker {
	skills := []string{}
	for _, s := range r.Perm(len(largeSkills))[:1+r.IntN(4)] {
		skills = append(skills, largeSkills[s])
	}
	name := givenNames[r.IntN(len(givenNames))] + " " + familyNames[r.IntN(len(familyNames))]
	return WorldWorker{
		FriendlyName: fmt.Sprintf("worker%05d", i), FullName: name, Activity: "Offline",
		Attributes: map[string]any{
			"contact_uri": fmt.Sprintf("client:worker%05d", i), "roles": []string{"agent"},
			"team_name": largeTeams[r.IntN(len(largeTeams))], "routing": map[string]any{"skills": skills, "levels": map[string]any{}},
		},
	}
}
