// Package glossary holds the words of the field that the page uses, a sentence or two each, with their formulas and sources.
package glossary

import (
	"slices"
	"strings"
)

// Anchor is the id of a word's entry.
func Anchor(word string) string { return "term-" + strings.ReplaceAll(word, " ", "-") }

// Entry is a word of the field: what it means in a sentence or two, its formula where it has one, and where that is from.
type Entry struct {
	Word    string
	Means   string
	Formula string
	Source  string   // paper and section; empty for words that are everybody's
	also    []string // other words that lead here
}

// Says reports whether the entry contains a text in its words, its meaning or its source. It ignores case.
func (e Entry) Says(text string) bool {
	whole := strings.Join(append([]string{e.Word, e.Means, e.Source}, e.also...), "\n")
	return strings.Contains(strings.ToLower(whole), strings.ToLower(strings.TrimSpace(text)))
}

// The sources of most entries.
const (
	FromAttnRL = "AttnRL, arXiv 2509.26628, "
	FromATTNPO = "ATTNPO, arXiv 2602.09953, "
	fromREARL  = "REA-RL, arXiv 2505.19862, "
	fromTreeRL = "TreeRL, arXiv 2506.11902, "
)

// glossary is every word that the screens use.
var Entries = slices.Concat(wordsOfTraces, wordsOfAttention, wordsOfTrees, wordsOfTraining, wordsOfMethods)

// Find finds a word. Capitals, spaces, points and hyphens do not matter, so that a method's key leads to its name.
func Find(word string) (Entry, bool) {
	i := slices.IndexFunc(Entries, func(e Entry) bool {
		return same(e.Word, word) || slices.ContainsFunc(e.also, func(w string) bool { return same(w, word) })
	})
	if i < 0 {
		return Entry{}, false
	}
	return Entries[i], true
}

func same(a, b string) bool {
	bare := strings.NewReplacer(" ", "", ".", "", "-", "")
	return strings.EqualFold(bare.Replace(a), bare.Replace(b))
}
