//go:build tools

// Package toolchain keeps the Pulumi command line's requirement in go.mod.
package toolchain

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
