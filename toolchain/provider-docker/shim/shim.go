// Package shim opens the internal package of the Terraform provider: its import path lies under the provider's own.
package shim

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// Provider returns the provider's schema and functions as the given release.
func Provider(version string) *schema.Provider { return provider.New(version)() }
