package gpu

import (
	"fmt"
	"strings"
)

// Adapter is one that this machine offers. [Open] takes its ID as a backend.
type Adapter struct {
	ID string `json:"id"` // "vulkan:Apple M2"; of several that are equal the later ones end in " #2", " #3"
	Info
}

// Adapters lists the adapters of this machine: several where it has several GPUs, or where one GPU has several drivers. It is empty where
// there is none, and in a browser, which offers a page one adapter of its own choice. The host backend is not among them.
func Adapters() []Adapter { return numbered(adapters()) }

// numbered gives adapters their IDs.
func numbered(infos []Info) []Adapter {
	var list []Adapter
	seen := map[string]int{}
	for _, info := range infos {
		id := info.Backend + ":" + info.Name
		if seen[id]++; seen[id] > 1 {
			id = fmt.Sprintf("%s #%d", id, seen[id])
		}
		list = append(list, Adapter{id, info})
	}
	return list
}

// IsAdapter reports whether a backend is the ID of an adapter, of this machine or of another.
func IsAdapter(backend string) bool { return strings.Contains(backend, ":") }

// noSuch is the error for the ID of an adapter that this machine does not have.
func noSuch(id string, list []Adapter) error {
	if len(list) == 0 {
		return fmt.Errorf("gpu: %w: %s was asked for, and this machine offers no adapter", ErrNoAdapter, id)
	}
	var ids []string
	for _, a := range list {
		ids = append(ids, a.ID)
	}
	return fmt.Errorf("gpu: %w of the name %s; this machine has %s", ErrNoAdapter, id, strings.Join(ids, ", "))
}
