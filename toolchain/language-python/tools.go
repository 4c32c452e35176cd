//go:build tools

// Package toolchain keeps the requirement of the last module that carries Pulumi's Python language host in go.mod.
package toolchain

import _ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
