package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"attnlab/app/session"

	"github.com/coder/websocket"
)

// Join joins the session of a lab that another program serves, by its link. It is what web/remote.js is for a page: a line that breaks is
// opened again, until ctx ends or the port is closed, and In then closes. It returns an error where the first line cannot be opened.
func Join(ctx context.Context, link string) (*session.Port, error) {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is not the link of a lab; copy the one that \"attnlab serve --engine native\" prints", link)
	}
	c := &client{token: u.Query().Get("token"), seat: random(), in: make(chan any)}
	u.Path, u.RawQuery, u.Fragment = strings.TrimSuffix(u.Path, "/")+"/line", "", ""
	c.address = u
	ctx, cancel := context.WithCancel(ctx)
	conn, err := c.open(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	go c.run(ctx, conn)
	return session.NewPort(c.in, c.send, cancel), nil
}

// client is the far end of a line.
type client struct {
	address     *url.URL
	token, seat string
	in          chan any

	mu      sync.Mutex
	conn    *websocket.Conn // nil while the line is down
	boot    string
	got     uint64
	number  uint64
	waiting []frame // commands that are not confirmed
}

// open opens a line and takes its first message.
func (c *client) open(ctx context.Context) (*websocket.Conn, error) {
	u := *c.address
	c.mu.Lock()
	u.RawQuery = url.Values{"seat": {c.seat}, "got": {strconv.FormatUint(c.got, 10)}}.Encode()
	c.mu.Unlock()
	dial, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, answer, err := websocket.Dial(dial, u.String(), &websocket.DialOptions{Subprotocols: []string{subprotocol, tokenProtocol + c.token}})
	if err != nil {
		if answer != nil && answer.Body != nil {
			if said, _ := io.ReadAll(io.LimitReader(answer.Body, 1000)); answer.StatusCode != http.StatusSwitchingProtocols && len(said) > 0 {
				err = errors.New(strings.TrimSpace(string(said)))
			}
		}
		return nil, fmt.Errorf("the lab at %s cannot be joined: %w", c.address.Host, err)
	}
	conn.SetReadLimit(-1)
	_, data, err := conn.Read(dial)
	text, ok := bytes.CutPrefix(data, []byte("welcome "))
	var w welcome
	if err == nil && (!ok || json.Unmarshal(text, &w) != nil) {
		err = errors.New("its first message is no welcome")
	}
	if err != nil {
		conn.CloseNow()
		return nil, fmt.Errorf("the lab at %s cannot be joined: %w", c.address.Host, err)
	}
	return conn, c.resume(ctx, conn, w)
}

// resume says again what the other end has not.
func (c *client) resume(ctx context.Context, conn *websocket.Conn, w welcome) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !w.Known || c.boot != w.Boot {
		if c.got, c.number = 0, 0; c.boot != "" {
			c.waiting = nil
		}
		c.boot = w.Boot
		hello, err := session.Encode(session.Hello{})
		if err != nil {
			return err
		}
		c.number++
		c.waiting = append(c.waiting, frame{number: c.number, data: hello})
	}
	c.conn = conn
	for _, f := range c.waiting {
		if f.number > w.Took || !w.Known {
			if err := send(ctx, conn, fmt.Appendf(nil, "say %d\n", f.number), f.data); err != nil {
				return nil // the line is opened again
			}
		}
	}
	return nil
}

// send sends a command to the engine.
func (c *client) send(message any) error {
	data, err := session.Encode(message)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.number++
	c.waiting = append(c.waiting, frame{number: c.number, data: data})
	if c.conn != nil {
		_ = send(context.Background(), c.conn, fmt.Appendf(nil, "say %d\n", c.number), data) // it waits for the next line otherwise
	}
	return nil
}

// run takes messages, and opens the line again where it breaks.
func (c *client) run(ctx context.Context, conn *websocket.Conn) {
	defer close(c.in)
	for ctx.Err() == nil {
		c.read(ctx, conn)
		c.mu.Lock()
		c.conn = nil
		c.mu.Unlock()
		conn.CloseNow()
		for pause := 100 * time.Millisecond; ctx.Err() == nil; pause = min(2*pause, 5*time.Second) {
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
			if next, err := c.open(ctx); err == nil {
				conn = next
				break
			}
		}
	}
}

func (c *client) read(ctx context.Context, conn *websocket.Conn) {
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			return
		}
		head, body, _ := bytes.Cut(data, []byte("\n"))
		word, argument, _ := bytes.Cut(head, []byte(" "))
		number, _ := strconv.ParseUint(string(argument), 10, 64)
		switch string(word) {
		case "took":
			c.mu.Lock()
			for len(c.waiting) > 0 && c.waiting[0].number <= number {
				c.waiting = c.waiting[1:]
			}
			c.mu.Unlock()
		case "say":
			c.mu.Lock()
			fresh := number > c.got
			c.got = max(c.got, number)
			c.mu.Unlock()
			if !fresh {
				continue
			}
			message, err := session.Decode(body)
			if err != nil {
				message = err
			}
			select {
			case c.in <- message:
			case <-ctx.Done():
				return
			}
			if send(ctx, conn, fmt.Appendf(nil, "got %d", number), nil) != nil {
				return
			}
		}
	}
}
