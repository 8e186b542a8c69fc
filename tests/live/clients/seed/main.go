// The program of the question: "a steady increase in the number of goroutines", one request after
// the other with a client of its own.
//
//	seed [-mode shared|transport|body] [-requests N] URL
//
//	shared     as in the question: a new http.Client each time, all on http.DefaultTransport
//	transport  a new Transport each time, which is what leaks: one idle connection per request
//	body       the answer is neither read nor closed: one connection per request, too
//
// Prints "ready" after N requests, then makes as many more as each line of stdin says and answers
// "done". Ends with its input.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"
)

func newClient(mode string) *http.Client {
	if mode == "transport" {
		return &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{}}
	}
	if mode == "body" {
		return &http.Client{} // a time-out would close the connection after all
	}
	return &http.Client{Timeout: 5 * time.Second}
}

func makeRequest(mode, url string) {
	resp, err := newClient(mode).Get(url)
	if err != nil {
		fmt.Fprintf(os.Stderr, "Error making request: %v\n", err)
		return
	}
	if mode == "body" {
		return
	}
	defer resp.Body.Close()
	if _, err = io.ReadAll(resp.Body); err != nil {
		fmt.Fprintf(os.Stderr, "Error reading response body: %v\n", err)
	}
}

func makeRequests(mode, url string, n int) {
	for i := 0; i < n; i++ {
		makeRequest(mode, url)
	}
}

func main() {
	mode := flag.String("mode", "shared", "shared, transport or body")
	requests := flag.Int("requests", 20, "requests to make at first")
	flag.Parse()

	makeRequests(*mode, flag.Arg(0), *requests)
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		makeRequests(*mode, flag.Arg(0), n)
		fmt.Println("done")
	}
}
