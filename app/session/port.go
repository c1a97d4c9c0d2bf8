package session

import (
	"slices"
	"sync"
)

// Port is one end of a session. A message reaches all other ends, in order, and never its sender.
type Port struct {
	// In receives commands, events, and an error for each message that could not be read. A sender never waits for a
	// reader. Close closes In.
	In    <-chan any
	send  func(message any) error
	leave func()
}

// Send sends a command or an event to all other ends. Do not change a message after sending it.
func (p *Port) Send(message any) error { return p.send(message) }

// NewPort is an end of a session that another carrier brings: send must not block for long, and leave closes in.
func NewPort(in <-chan any, send func(message any) error, leave func()) *Port {
	return &Port{In: in, send: send, leave: leave}
}

// Close leaves the session.
func (p *Port) Close() { p.leave() }

// Hub carries a session inside one process.
type Hub struct {
	mu    sync.Mutex
	boxes []*mailbox
}

// Join makes another end of the session.
func (h *Hub) Join() *Port {
	box := newMailbox()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.boxes = append(h.boxes, box)
	return &Port{
		In: box.out,
		send: func(message any) error {
			h.mu.Lock()
			defer h.mu.Unlock()
			for _, other := range h.boxes {
				if other != box {
					other.put(message)
				}
			}
			return nil
		},
		leave: func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.boxes = slices.DeleteFunc(h.boxes, func(b *mailbox) bool { return b == box })
			box.close()
		},
	}
}

// mailbox queues any number of messages until a reader takes them from out.
type mailbox struct {
	out chan any

	mu      sync.Mutex
	waiting []any
	closed  bool
	changed chan struct{} // holds a value if messages were added
	done    chan struct{} // closed with the mailbox
}

func newMailbox() *mailbox {
	b := &mailbox{out: make(chan any), changed: make(chan struct{}, 1), done: make(chan struct{})}
	go b.pump()
	return b
}

// put never blocks: a browser calls it from its event loop.
func (b *mailbox) put(message any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, message)
	b.wake()
}

func (b *mailbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed = true
		close(b.done)
	}
}

func (b *mailbox) wake() {
	select {
	case b.changed <- struct{}{}:
	default:
	}
}

func (b *mailbox) take() []any {
	b.mu.Lock()
	defer b.mu.Unlock()
	messages := b.waiting
	b.waiting = nil
	return messages
}

func (b *mailbox) pump() {
	defer close(b.out)
	for {
		for _, message := range b.take() {
			select {
			case b.out <- message:
			case <-b.done:
				return
			}
		}
		select {
		case <-b.changed:
		case <-b.done:
			return
		}
	}
}
