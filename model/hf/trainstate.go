package hf

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"attnlab/model"
)

// trainJSON is training.json. Model says which weights the state belongs to.
type trainJSON struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	Model   string `json:"model_sha256"`
	Moments string `json:"moments_sha256"`
	*model.TrainState
}

const trainFormat, trainVersion = "attnlab-training", 1

// addTrain adds the training state, if there is one, to the files of its model.
func (c *Checkpoint) addTrain(files map[string][]byte) (err error) {
	if c.Train == nil {
		return nil
	}
	moments := append(arrays(c.Config, "m.", c.Train.M), arrays(c.Config, "v.", c.Train.V)...)
	if files[momentsFile], err = pack(map[string]string{"format": trainFormat}, moments); err != nil {
		return err
	}
	files[trainFile], err = indent(trainJSON{
		trainFormat, trainVersion, checksum(files[weightsFile]), checksum(files[momentsFile]), c.Train,
	})
	return err
}

func (c *Checkpoint) loadTrain(files map[string][]byte) (*model.TrainState, error) {
	text, hasText := files[trainFile]
	moments, hasMoments := files[momentsFile]
	if !hasText && !hasMoments {
		return nil, nil
	}
	bad := func(why string) error {
		return fmt.Errorf("model: %s; delete %s and %s to use the model without its training state", why, trainFile, momentsFile)
	}
	if !hasText || !hasMoments {
		return nil, bad("one of the two files of the training state is missing")
	}
	state := &model.TrainState{}
	f := trainJSON{TrainState: state}
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, bad(fmt.Sprintf("%s: %v", trainFile, err))
	}
	switch {
	case f.Format != trainFormat || f.Version != trainVersion:
		return nil, bad(fmt.Sprintf("%s is of format %q version %d, not %q version %d", trainFile, f.Format, f.Version, trainFormat, trainVersion))
	case f.Model != checksum(files[weightsFile]):
		return nil, bad("the training state belongs to other weights than those in " + weightsFile)
	case f.Moments != checksum(moments):
		return nil, bad("the training state belongs to other moments than those in " + momentsFile)
	case state.Step < 0 || state.Tokens < 0 || state.Schedule < 0 || state.ScheduleOf < 0:
		return nil, bad(trainFile + " has a negative count")
	}
	arenas, err := arenas(c.Config, moments, "m.", "v.")
	if err != nil {
		return nil, bad(fmt.Sprintf("%s: %v", momentsFile, err))
	}
	state.M, state.V = arenas[0], arenas[1]
	return state, nil
}

func checksum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
