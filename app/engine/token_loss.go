package engine

import "attnlab/app/session"

// showLosses publishes the loss of the chosen rollout, token by token. It reads a few numbers from the device, and nothing where no rollout is
// chosen. The worker calls it, for whom step and record are of one time.
func (e *Engine) showLosses() error {
	e.crediting.Lock()
	last, rollout := e.credit.last, e.credit.rollout
	e.crediting.Unlock()
	if e.run == nil || rollout < 0 || rollout >= len(places(last)) {
		return nil
	}
	r, ok := e.run.learner.(reinforcement)
	if !ok || r.Last() == nil { // a run that was moved to another device has no record of its last step
		return nil
	}
	at := places(last)[rollout]
	losses, err := r.TokenLosses(at[0], at[1])
	if err != nil {
		return err
	}
	e.publish(session.TokenLosses{Number: e.next(), Rollout: rollout, TokenLosses: losses})
	return nil
}
