// The door to vmm/boot on x86: puts a guest's files into RAM and says how to enter it.
#pragma once

#include "vmm/boot/byte_source.h"
#include "vmm/boot/x86_64/boot_request.h"
#include "vmm/boot/x86_64/boot_state.h"

namespace skiff {

// Set-up time only, one thread, before any vCPU runs. Throws ConfigError for whatever is wrong with
// the files or does not fit, HostError where the host fails. No byte of an image is trusted.
BootState load_guest(const BootRequest& request);
// The same from given sources (request.kernel and request.initrd are not opened); `initrd` may be
// null.
BootState load_guest(const BootRequest& request, ByteSource& kernel, ByteSource* initrd);

}  // namespace skiff
