package session

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// A message travels as {"kind":"Trace","body":{...}}, without spaces: a reader learns from its first bytes
// which kind it is and whether to read the rest.
const (
	opening = `{"kind":"`
	middle  = `","body":`
	closing = `}`
)

var kinds = kindTable(
	Hello{}, Restore{}, Open{}, UseModel{}, NewProblem{}, CutSteps{}, LabelSteps{}, Check{}, Generate{}, ShowTrace{}, FindHeads{}, Disrupt{}, DisruptSteps{}, ResampleSteps{}, SampleMany{}, ShowRollouts{}, EditResponse{}, BranchByHand{}, LookInside{}, Ablate{}, PatchStates{}, DisruptAnswer{}, ScoreLayers{}, Select{}, Hover{}, UserActive{}, Cancel{}, LoseDevice{},
	GrowTree{}, CompareRules{}, Begin{}, TrainBeside{}, ShowPair{}, Advance{}, ShowCredit{}, FollowRun{}, ResumeRun{}, DropRun{}, RenameRun{}, ExportRun{}, ExportMetrics{}, ContrastRuns{}, ImportRun{}, MeasureSpeed{}, RaceAgain{}, LookAt{}, OpenModel{}, LeaveOffer{}, DropModel{},
	Status{}, Failure{}, Checked{}, Capabilities{}, Trace{}, HeadAttention{}, StepDetail{}, LayerScores{}, HeadsView{}, Disruption{}, StepLosses{}, Importances{}, Samples{}, SavedRollouts{}, InsideView{}, Ablations{}, Patched{}, AnswerLosses{}, Selection{},
	Tree{}, Rules{}, Run{}, Beside{}, PairedRollouts{}, Credit{}, TokenLosses{}, Followed{}, Methods{}, Runs{}, Contrasts{}, RunFiles{}, Speeds{}, Offer{}, Connection{}, Models{}, Listing{}, Browse{}, OpenRun{},
)

func (Hello) command()         {}
func (Restore) command()       {}
func (Open) command()          {}
func (UseModel) command()      {}
func (NewProblem) command()    {}
func (CutSteps) command()      {}
func (LabelSteps) command()    {}
func (Check) command()         {}
func (Generate) command()      {}
func (ShowTrace) command()     {}
func (FindHeads) command()     {}
func (Disrupt) command()       {}
func (DisruptSteps) command()  {}
func (DisruptAnswer) command() {}
func (ScoreLayers) command()   {}
func (Select) command()        {}
func (Hover) command()         {}
func (GrowTree) command()      {}
func (CompareRules) command()  {}
func (Begin) command()         {}
func (Advance) command()       {}
func (ShowCredit) command()    {}
func (FollowRun) command()     {}
func (ResumeRun) command()     {}
func (DropRun) command()       {}
func (RenameRun) command()     {}
func (ExportRun) command()     {}
func (ExportMetrics) command() {}
func (ImportRun) command()     {}
func (MeasureSpeed) command()  {}
func (RaceAgain) command()     {}
func (UserActive) command()    {}
func (Cancel) command()        {}
func (LoseDevice) command()    {}
func (LookAt) command()        {}
func (OpenModel) command()     {}
func (LeaveOffer) command()    {}
func (DropModel) command()     {}
func (Browse) command()        {}
func (OpenRun) command()       {}

func (Tree) event()          {}
func (Rules) event()         {}
func (Run) event()           {}
func (Credit) event()        {}
func (TokenLosses) event()   {}
func (Followed) event()      {}
func (Methods) event()       {}
func (Runs) event()          {}
func (RunFiles) event()      {}
func (Speeds) event()        {}
func (Offer) event()         {}
func (Connection) event()    {}
func (Models) event()        {}
func (Listing) event()       {}
func (Status) event()        {}
func (Failure) event()       {}
func (Checked) event()       {}
func (Capabilities) event()  {}
func (Trace) event()         {}
func (HeadAttention) event() {}
func (StepDetail) event()    {}
func (LayerScores) event()   {}
func (HeadsView) event()     {}
func (Disruption) event()    {}
func (AnswerLosses) event()  {}
func (StepLosses) event()    {}
func (Selection) event()     {}

func kindTable(messages ...any) map[string]reflect.Type {
	table := map[string]reflect.Type{}
	for _, m := range messages {
		table[Kind(m)] = reflect.TypeOf(m)
	}
	return table
}

// Kind returns the name of a command or an event on the wire, which is its Go type's.
func Kind(message any) string { return reflect.TypeOf(message).Name() }

// Encode writes a command or an event.
func Encode(message any) ([]byte, error) {
	body, err := json.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("session: %s cannot be written: %w", Kind(message), err)
	}
	return slices.Concat([]byte(opening+Kind(message)+middle), body, []byte(closing)), nil
}

// Decode reads what [Encode] wrote: a [Command] or an [Event].
func Decode(data []byte) (any, error) {
	rest, opened := bytes.CutPrefix(data, []byte(opening))
	kind, rest, cut := bytes.Cut(rest, []byte(middle))
	body, closed := bytes.CutSuffix(rest, []byte(closing))
	if !opened || !cut || !closed {
		return nil, fmt.Errorf("session: %.40q is not a message; reload the page so that all parts have one version", data)
	}
	t, ok := kinds[string(kind)]
	if !ok {
		return nil, fmt.Errorf("session: a message has the unknown kind %.40q; reload the page so that all parts have one version", kind)
	}
	v := reflect.New(t)
	if err := json.Unmarshal(body, v.Interface()); err != nil {
		return nil, fmt.Errorf("session: %s cannot be read: %w", kind, err)
	}
	return v.Elem().Interface(), nil
}
