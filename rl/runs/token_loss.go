package runs

// TokenLosses is the loss of one response, token by token, as the last training step computed it. With the losses of all other responses of
// the same update it sums to that update's loss, and the log has the mean of the step's updates.
type TokenLosses struct {
	Step     int       `json:"step"`     // of training, from 1
	Group    int       `json:"group"`    // from 0
	Response int       `json:"response"` // in its group, from 0
	Prompt   string    `json:"prompt"`
	Correct  bool      `json:"correct"`
	Update   int       `json:"update"`  // that trained on it, from 1
	Updates  []float64 `json:"updates"` // loss of each update of the step
	Weight   float64   `json:"weight"`  // of each token in the loss

	// What the loss is made of: the ratio is clipped to [1-ClipLow, 1+ClipHigh], that of a negative advantage at DualClip, 0 where it is off.
	ClipLow  float64 `json:"clip_low"`
	ClipHigh float64 `json:"clip_high"`
	DualClip float64 `json:"dual_clip"`
	KL       float64 `json:"kl_weight"`
	Entropy  float64 `json:"entropy_weight"`

	Tokens []TokenLoss `json:"tokens"` // [response]
}

// TokenLoss is the loss of one token of a response. Log-probabilities are at the temperature of the rollouts.
type TokenLoss struct {
	Text      string  `json:"text"`
	Old       float64 `json:"old"` // log-probability under the policy that wrote it
	New       float64 `json:"new"` // and under the weights that the update began from
	Ratio     float64 `json:"ratio"`
	Clipped   bool    `json:"clipped"` // the clipped surrogate is the smaller one: no gradient comes from the advantage
	KL        float64 `json:"kl"`      // k3 to the reference, or without a KL term to the policy that sampled
	Entropy   float64 `json:"entropy"` // nats
	Advantage float64 `json:"advantage"`
	Gradient  float64 `json:"gradient"` // factor before ∇log π in the descent direction: above 0 makes the token likelier
	Loss      float64 `json:"loss"`
}

// Sum is the part that the response has in the loss of its update.
func (l TokenLosses) Sum() (sum float64) {
	for _, t := range l.Tokens {
		sum += t.Loss
	}
	return sum
}
