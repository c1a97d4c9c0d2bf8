package text

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"attnlab/model/hf/tokenizer"
	"attnlab/rl/task"
)

// Options are what the tasks are made from.
type Options struct {
	Tokenizer  tokenizer.Tokenizer
	Vocabulary int   // the model's vocab_size, which may be more than the tokenizer has; 0 is as many
	Stop       []int // tokens that end a response, at least one
	Context    int   // the model's, in tokens; 0 is no limit

	Rule   Rule   // "" is [Sentence]
	Chat   string // name of a [Chat]; "" is the one that the tokenizer's tokens show
	System string // what the system says first; "" is nothing

	Shots      int        // few-shot chain: examples
	Difficulty task.Range // few-shot chain: operations
	Problems   []OwnProblem
	Divide     bool // the list has the three parts of [task.Part], so that a model can be trained on one and measured on the others
}

// Kind is a family of tasks of free text as a user chooses it.
type Kind struct {
	Name, Title string
	Summary     string // one sentence
	Labelled    bool   // every step has a true label
	Answered    bool   // responses are right or wrong
	make        func(*Task, Options) error
}

// The kinds.
var (
	FewShotChain = Kind{Name: "few-shot-chain", Title: "Few-shot chain", Labelled: true, Answered: true, make: makeChain,
		Summary: "Follow a chain of definitions in plain text after a few examples; some definitions are not needed."}
	Problems = Kind{Name: "problems", Title: "Own problems", Answered: true, make: makeOwn,
		Summary: "Problems of your own from a file of JSON lines, judged by number or by equal text."}
	FreeText = Kind{Name: "text", Title: "Free text", make: func(*Task, Options) error { return nil },
		Summary: "Any prompt, without an expected answer."}
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{FewShotChain, Problems, FreeText} }

// Names lists the names of the kinds.
func Names() (names []string) {
	for _, k := range Kinds() {
		names = append(names, k.Name)
	}
	return names
}

// Find returns the kind with a name.
func Find(name string) (k Kind, ok bool) {
	for _, k := range Kinds() {
		if k.Name == name {
			return k, true
		}
	}
	return Kind{}, false
}

// The examples of few-shot chain.
const (
	DefaultShots = 5
	MostShots    = 32
)

// DefaultDifficulty is the operations of few-shot chain, and Levels all that exist.
var DefaultDifficulty, Levels = task.Range{Min: 2, Max: 4}, task.Range{Min: 1, Max: chainLevels}

// Task is a task of free text for one tokenizer. It is a [task.Task].
type Task struct {
	Kind
	options    Options
	chat       Chat
	vocabulary []string
	shots      []Turn
}

// New makes a task of a kind. It returns an error that says what is missing or wrong.
func New(name string, o Options) (*Task, error) {
	kind, ok := Find(name)
	switch {
	case !ok:
		return nil, fmt.Errorf("task: unknown task %.20q: choose one of %s", name, strings.Join(Names(), ", "))
	case o.Tokenizer == nil:
		return nil, fmt.Errorf("task: task %s is free text, and the model has no tokenizer; open a model with its tokenizer.json", name)
	case len(o.Stop) == 0:
		return nil, errors.New("task: the model has no token that ends a text (eos_token_id), so its responses would never end")
	}
	t := &Task{Kind: kind, options: o}
	var err error
	if t.options.Rule, err = ParseRule(string(o.Rule)); err != nil {
		return nil, err
	}
	if o.Chat == "" {
		t.chat = Recognise(func(token string) bool { _, ok := o.Tokenizer.ID(token); return ok })
	} else if t.chat, err = FindChat(o.Chat); err != nil {
		return nil, err
	}
	for id := range max(o.Vocabulary, o.Tokenizer.Len()) {
		text := ""
		if id < o.Tokenizer.Len() {
			text = o.Tokenizer.Token(id)
		}
		t.vocabulary = append(t.vocabulary, strings.ToValidUTF8(text, string(utf8.RuneError)))
	}
	return t, kind.make(t, o)
}

// Name is that of the kind.
func (t *Task) Name() string { return t.Kind.Name }

// Chat is how prompts are marked.
func (t *Task) Chat() Chat { return t.chat }

// Rule is the rule that cuts steps.
func (t *Task) Rule() Rule { return t.options.Rule }

// Wording returns the difficulty of the problems and, in one line, how they are put: what must agree for two measurements to be compared.
func (t *Task) Wording() (difficulty, wording string) {
	o := t.options
	parts := []string{string(o.Rule), t.chat.Name}
	if t.Labelled {
		difficulty = o.Difficulty.String()
		parts = append(parts, fmt.Sprintf("%d examples", o.Shots))
	}
	if o.System != "" {
		parts = append(parts, fmt.Sprintf("system %.8x", sha256.Sum256([]byte(o.System))))
	}
	if len(o.Problems) > 0 {
		sum := sha256.New()
		for _, p := range o.Problems {
			fmt.Fprintf(sum, "%q %q\n", p.Prompt, p.Answer)
		}
		parts = append(parts, fmt.Sprintf("problems %.8x", sum.Sum(nil)))
	}
	return difficulty, strings.Join(parts, ", ")
}

// WithRule returns the same task with another rule.
func (t *Task) WithRule(rule Rule) *Task {
	other := *t
	other.options.Rule = rule
	return &other
}

// Vocabulary lists the texts of all tokens; half a character is U+FFFD.
func (t *Task) Vocabulary() []string { return slices.Clone(t.vocabulary) }

// Reflections are REA-RL's words.
func (t *Task) Reflections() []string { return []string{"wait", "alternatively", "check", "but"} }

// Stops are the tokens that end a response, the first one the usual.
func (t *Task) Stops() []int { return t.options.Stop }

// pieces are the bytes that each token adds.
func (t *Task) pieces(tokens []int) []string {
	pieces, before := make([]string, len(tokens)), -1
	for i, id := range tokens {
		if 0 <= id && id < t.options.Tokenizer.Len() {
			pieces[i] = t.options.Tokenizer.Piece(before, id)
		} else {
			pieces[i] = fmt.Sprintf("<?%d>", id)
		}
		before = id
	}
	return pieces
}

// Text writes tokens as text.
func (t *Task) Text(tokens []int) string {
	return strings.ToValidUTF8(strings.Join(t.pieces(tokens), ""), string(utf8.RuneError))
}

// Tokens reads a text.
func (t *Task) Tokens(text string) ([]int, error) { return t.options.Tokenizer.Encode(text) }

// prompt makes a problem of a question, after the examples and with the markers of the chat. A question that has markers of its own is
// taken as it is.
func (t *Task) prompt(question string) ([]int, error) {
	text := question
	if !t.chat.Marked(question) {
		var turns []Turn
		if t.options.System != "" {
			turns = append(turns, Turn{"system", t.options.System})
		}
		text = t.chat.Prompt(append(append(turns, t.shots...), Turn{"user", question}))
	}
	ids, err := t.options.Tokenizer.Encode(text)
	if err != nil {
		return nil, fmt.Errorf("task: the prompt cannot be written in the model's tokens: %w", err)
	}
	start := t.options.Tokenizer.Start()
	if len(start) > 0 && slices.Equal(start, ids[:min(len(ids), len(start))]) {
		start = nil // the text has it already
	}
	if ids = slices.Concat(start, ids); len(ids) == 0 {
		return nil, errors.New("task: the prompt is empty")
	}
	if room := t.options.Context; room > 0 && len(ids) >= room {
		return nil, fmt.Errorf("task: the prompt has %d tokens and the model's context holds %d; shorten it or give fewer examples", len(ids), room)
	}
	return ids, nil
}

// Problem makes the problem of a key. It panics for a task without problems, see [Count].
func (t *Task) Problem(key uint64) task.Problem {
	switch {
	case t.Labelled:
		return t.chainProblem(key)
	case t.Answered:
		return t.own(int(key % uint64(len(t.options.Problems))))
	}
	panic("text: task " + t.Name() + " has no problems of its own: Parse one")
}

// Count is how many problems the task lists: 0 where they are endless, and where a list is divided, because its problems are then drawn as
// endless ones are.
func (t *Task) Count() int {
	if t.Answered && !t.Labelled && !t.options.Divide {
		return len(t.options.Problems)
	}
	return 0
}

// Item is problem i of the list, from its start again after the last: the same for every stream and seed.
func (t *Task) Item(i uint64) task.Problem { return t.own(int(i % uint64(len(t.options.Problems)))) }

// Parse reads a prompt: a question, or a whole prompt with the markers of the chat. Few-shot chain reads definitions and a question
// such as "k = 4 ; b = k + 3 ; b = ?".
func (t *Task) Parse(text string) (task.Problem, error) {
	text = t.unstarted(text)
	if strings.TrimSpace(text) == "" {
		return task.Problem{}, errors.New("task: the prompt is empty; write a question")
	}
	if t.Labelled {
		return t.parseChain(text)
	}
	ids, err := t.prompt(text)
	if err != nil {
		return task.Problem{}, err
	}
	for i := range t.options.Problems {
		p := t.options.Problems[i] // of thousands, few are in the text
		if p.Prompt == strings.TrimSpace(text) || strings.Contains(text, p.Prompt) && slices.Equal(t.own(i).Prompt, ids) {
			return t.own(i), nil
		}
	}
	return task.Problem{Prompt: ids}, nil
}

// Demonstrate writes the shortest right response of few-shot chain. The other tasks have no teacher: it returns nil.
func (t *Task) Demonstrate(p task.Problem, _ uint64) []int {
	if !t.Labelled {
		return nil
	}
	ids, err := t.options.Tokenizer.Encode(t.chainOf(p).Solution())
	if err != nil || t.options.Context > 0 && len(p.Prompt)+len(ids) >= t.options.Context {
		return nil
	}
	return append(ids, t.options.Stop[0])
}

func makeOwn(t *Task, o Options) error {
	if len(o.Problems) == 0 {
		return errors.New("task: task problems needs a file of problems")
	}
	if !o.Divide {
		return nil
	}
	var of [3]int // problems of each part
	for i := range o.Problems {
		of[task.PartOf(t, t.own(i))]++
	}
	if slices.Contains(of[:], 0) {
		return fmt.Errorf("task: of %d problems %d are for training, %d for evaluation and %d for measurements before and after, by their content; each part needs one, so give some fifty problems",
			len(o.Problems), of[task.Training], of[task.Evaluation], of[task.Probing])
	}
	return nil
}

// Numbered is problem i of the list, from its start again after the last. It returns an error if its prompt does not fit the model.
func (t *Task) Numbered(i uint64) (task.Problem, error) {
	p := t.options.Problems[i%uint64(len(t.options.Problems))]
	ids, err := t.prompt(p.Prompt)
	return task.Problem{Difficulty: p.Difficulty, Prompt: ids, Gold: p.Answer}, err
}

func (t *Task) own(i int) task.Problem {
	p, err := t.Numbered(uint64(i))
	if err != nil { // what samples it says so
		p.Prompt = t.options.Tokenizer.Start()
	}
	return p
}

// Listed is the problem of the list that a problem was made from. It returns false where it is none of them.
func (t *Task) Listed(p task.Problem) (OwnProblem, bool) {
	prompt := t.Text(p.Prompt)
	for _, own := range t.options.Problems {
		if own.Answer == p.Gold && strings.Contains(prompt, own.Prompt) {
			return own, true
		}
	}
	return OwnProblem{}, false
}

// unstarted is a prompt without the token that begins a text.
func (t *Task) unstarted(text string) string {
	return strings.TrimPrefix(text, t.Text(t.options.Tokenizer.Start()))
}

// Content is what a problem asks: the last one of few-shot chain's prompt without its examples, else the prompt.
func (t *Task) Content(p task.Problem) string {
	if t.Labelled {
		return t.chainOf(p).String()
	}
	return t.Text(p.Prompt)
}
