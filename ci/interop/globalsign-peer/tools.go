//go:build tools

// Package tools names the peer's programs, so that `go mod tidy` keeps what they need.
package tools

import (
	_ "github.com/globalsign/est/cmd/estclient"
	_ "github.com/globalsign/est/cmd/estserver"
)
