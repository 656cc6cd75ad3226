#include <fmt/core.h>

#include <algorithm>
#include <memory>

#include "vmm/base/error.h"
#include "vmm/base/log.h"
#include "vmm/net/host_ports.h"
#include "vmm/net/net_backend.h"
#include "vmm/net/passt_backend.h"
#include "vmm/net/slirp_backend.h"
#include "vmm/net/tap_backend.h"

namespace skiff {
namespace {

std::unique_ptr<NetBackend> open_passt(const NetOptions& options, const std::string& program) {
  for (const ForwardRule& rule : options.forward)
    check_host_ports(rule);
  const std::uint16_t mtu = options.mtu != 0 ? options.mtu : PasstBackend::kLargestMtu;
  return std::make_unique<PasstBackend>(
      std::make_unique<PasstProcess>(program, options.forward, mtu), mtu, options.offload);
}

std::unique_ptr<NetBackend> open_slirp(const NetOptions& options, const SlirpLibrary& library) {
  const std::uint16_t mtu = options.mtu != 0 ? options.mtu : SlirpBackend::kLargestMtu;
  return std::make_unique<SlirpBackend>(library, options.forward, mtu);
}

std::unique_ptr<NetBackend> open_user(const NetOptions& options) {
  if (options.mtu > PasstBackend::kLargestMtu) {
    throw ConfigError(fmt::format("{}: mtu = {} is too large for user networking; at most {}",
                                  options.name, options.mtu, PasstBackend::kLargestMtu));
  }
  if (options.queues > 1) {
    throw ConfigError(fmt::format(
        "{}: queues = {}: user networking has one queue pair; use type = \"tap\" for more",
        options.name, options.queues));
  }
  const bool want_passt = options.backend != UserStack::libslirp;
  const std::string passt = want_passt ? find_passt() : std::string();
  if (options.backend == UserStack::passt) {
    if (!passt.empty()) return open_passt(options, passt);
    throw HostError(options.name + ": passt is not installed (`sudo apt-get install passt`)");
  }
  // passt takes its addresses from the host, and gives up where that has no network.
  if (!passt.empty() && has_default_route()) return open_passt(options, passt);
  if (const SlirpLibrary* const library = SlirpLibrary::load())
    return open_slirp(options, *library);
  if (options.backend == UserStack::libslirp) {
    throw HostError(options.name +
                    ": libslirp is not installed (`sudo apt-get install libslirp0`)");
  }
  if (!passt.empty()) return open_passt(options, passt);
  throw HostError(options.name +
                  ": user networking needs passt or libslirp; neither is installed "
                  "(`sudo apt-get install passt`)");
}

std::unique_ptr<NetBackend> open_tap_backend(const NetOptions& options) {
  if (!options.forward.empty()) {
    throw ConfigError(options.name +
                      ": forward is for type = \"user\"; a tap's guest is reached "
                      "by its own address");
  }
  if (options.fd >= 0) {
    if (options.queues > 1) {
      throw ConfigError(fmt::format("{}: queues = {} needs a tap by name; fd is one queue pair",
                                    options.name, options.queues));
    }
    return std::make_unique<TapBackend>(adopt_tap(options.fd), options.offload);
  }
  return std::make_unique<TapBackend>(
      open_tap(options.tap, std::max<std::uint16_t>(options.queues, 1)), options.offload);
}

}  // namespace

std::unique_ptr<NetBackend> open_net_backend(const NetOptions& options) {
  auto backend = options.type == NetType::tap ? open_tap_backend(options) : open_user(options);
  log_debug("{}: {}", options.name, backend->capabilities().description);
  return backend;
}

}  // namespace skiff
