package lab

import (
	"fmt"
	"html"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"attnlab/rl/task"
)

// linkKeys are the keys of a link. Hyper-parameters come besides, as "h." and their name.
var linkKeys = []string{
	"page", "recorded", "problem", "seed", "difficulty", "tokens", "temperature", "top-p", "draw", "token", "step", "head", "node", "cut", "samples", "importance", "many", "inside", "ablate", "ablate-by", "ablate-over", "patch", "colour", "heads-by", "heads-as", "heads-top", "layers", "arcs-from", "readers",
	"lesson", "guess", "term", "base", "own", "labels", "edits", "shots", "system", "chat", "step-rule", "rule", "m", "n", "t", "tseed", "rounds", "by-hand", "rivals", "over",
	"method", "model", "teacher", "run-difficulty", "run-seed", "steps", "probe", "held-out", "held-out-every", "beside", "save-rollouts", "focus", "x", "smooth", "runs", "paired", "outcome", "within", "run", "measure", "runs-each", "roofline",
}

// freeKeys are those whose values may contain an &.
var freeKeys = []string{"problem", "own", "system", "model", "difficulty", "run-difficulty"}

// linkReader reads the values of a link and remembers what could not be read.
type linkReader struct {
	values map[string]string
	order  []string // of the keys
	unread []string // keys
}

// escape encodes a value of a link. A space becomes %20, so that a + in decoded text is always a plus sign.
func escape(value string) string { return strings.ReplaceAll(url.QueryEscape(value), "+", "%20") }

// readLink splits the part of an address after the #. A program that decoded the link has put an & of a problem beside
// those between the keys: what follows it belongs to the problem unless it begins with a key.
func readLink(hash string) *linkReader {
	q := &linkReader{values: map[string]string{}}
	hash = strings.TrimPrefix(strings.TrimSpace(hash), "#")
	for range 3 { // the whole of it was encoded, perhaps again and again
		whole, err := url.PathUnescape(hash)
		if strings.Contains(hash, "=") || err != nil {
			break
		}
		hash = whole
	}
	hash = html.UnescapeString(strings.NewReplacer("&amp%3B", "&", "&amp%3b", "&").Replace(hash))
	last := ""
	for piece := range strings.SplitSeq(hash, "&") {
		piece = strings.TrimPrefix(piece, "amp;")
		key, value, found := strings.Cut(piece, "=")
		name := strings.TrimSpace(decode(key))
		known := found && (slices.Contains(linkKeys, name) || strings.HasPrefix(name, "h."))
		switch _, twice := q.values[name]; {
		case !known && slices.Contains(freeKeys, last):
			q.values[last] += "&" + piece
			continue
		case name == "" && !found:
			continue
		case !known || twice:
			q.unread = append(q.unread, name)
			if twice {
				continue
			}
		}
		q.values[name], last = value, name
		q.order = append(q.order, name)
	}
	for key, value := range q.values {
		q.values[key] = decode(value)
	}
	return q
}

// decode undoes the encoding of a value, as often as it was encoded. Without any other space a + is one.
func decode(text string) string {
	if !strings.Contains(text, " ") && !strings.Contains(strings.ReplaceAll(text, "%25", "%"), "%20") {
		text = strings.ReplaceAll(text, "+++", " %2B ") // a + that was decoded, between two spaces that were not
		text = strings.ReplaceAll(text, "+", " ")
	}
	text = strings.ToValidUTF8(text, "")
	for {
		plain, err := url.PathUnescape(text)
		if plain = strings.ToValidUTF8(plain, ""); err != nil || plain == text {
			break
		}
		text = plain
	}
	return strings.ReplaceAll(text, "\u00a0", " ")
}

func (q *linkReader) has(key string) bool    { _, ok := q.values[key]; return ok }
func (q *linkReader) text(key string) string { return q.values[key] }

// refuse notes that the value of a key could not be used as it is.
func (q *linkReader) refuse(key string) {
	if !slices.Contains(q.unread, key) {
		q.unread = append(q.unread, key)
	}
}

// whole reads a whole number. One out of range becomes the nearest in range.
func (q *linkReader) whole(key string, to *int, lo, hi int) {
	if !q.has(key) {
		return
	}
	n, err := strconv.Atoi(q.text(key))
	if err != nil {
		q.refuse(key)
		return
	}
	if *to = min(max(n, lo), hi); *to != n {
		q.refuse(key)
	}
}

// seed reads any whole number that is not negative.
func (q *linkReader) seed(key string, to *uint64) {
	if !q.has(key) {
		return
	}
	if n, err := parseSeed(q.text(key)); err == nil {
		*to = n
	} else {
		q.refuse(key)
	}
}

// decimal reads a number from 0 to hi. One out of range becomes the nearest in range.
func (q *linkReader) decimal(key string, to *float32, hi float32) {
	if !q.has(key) {
		return
	}
	x, err := strconv.ParseFloat(q.text(key), 32)
	if err != nil || math.IsNaN(x) {
		q.refuse(key)
		return
	}
	if *to = clamp(float32(x), 0, hi); *to != float32(x) {
		q.refuse(key)
	}
}

// choose reads one of a list.
func (q *linkReader) choose(key string, to *string, list []string) {
	if !q.has(key) {
		return
	}
	if x := q.text(key); slices.Contains(list, x) {
		*to = x
	} else {
		q.refuse(key)
	}
}

// difficulty reads a level, or a range of levels such as 2-5.
func (q *linkReader) difficulty(key string) string {
	text := q.text(key)
	if text == "" {
		return ""
	}
	if _, err := task.ParseRange(text); err != nil {
		q.refuse(key)
		return ""
	}
	return text
}

// sentence names what could not be read; it is empty if there is nothing.
func (q *linkReader) sentence() string {
	const most = 4
	var names []string
	for _, key := range q.unread[:min(most, len(q.unread))] {
		value := []rune(q.values[key])
		if len(value) > 24 {
			value = append(value[:24], '…')
		}
		name := []rune(key)
		if len(name) > 24 {
			name = append(name[:24], '…')
		}
		names = append(names, fmt.Sprintf("%s %q", string(name), string(value)))
	}
	switch more := len(q.unread) - most; {
	case len(names) == 0:
		return ""
	case more > 0:
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return "Parts of the link could not be read (" + strings.Join(names, ", ") + "). The page shows the rest."
}
