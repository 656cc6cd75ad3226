// Whether a forward rule can be had: asked before a helper is started that would only say so later.
// Thread rule: any thread.
#pragma once

#include "vmm/net/forward_rule.h"

namespace skiff {

// Throws HostError naming the rule and the reason (in use, not permitted, no such address). Looks
// at the first ports of a long range only.
void check_host_ports(const ForwardRule& rule);

// The host has a route to the world, without which passt refuses to start.
bool has_default_route();

}  // namespace skiff
