// Any bytes, in any pieces, from a client of the control API: no crash, no hang, and whatever comes
// back is HTTP. The first byte says how large the pieces are, and whether the VM says no to all.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "tests/fakes/fake_vm_control.h"
#include "vmm/control/api/http_front.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skiff;
  if (size == 0) return 0;
  test::FakeVmControl vm;
  vm.console_list = {{.name = "hvc0", .is_main = true}};
  vm.device_list = {{.name = "disk0", .kind = "virtio-blk"}};
  if ((data[0] & 0x80) != 0) {
    vm.result = std::unexpected(
        ControlError{.kind = ControlError::Kind::conflict, .message = "no", .field = "x"});
  }
  const std::size_t piece = std::size_t{1} << (data[0] & 0xf);
  HttpFront front(vm);
  std::span<const std::byte> rest = std::as_bytes(std::span(data, size)).subspan(1);
  while (!rest.empty()) {
    const auto some = rest.first(std::min(piece, rest.size()));
    rest = rest.subspan(some.size());
    front.take(some);
    while (const auto step = front.next()) {
      const bool is_http = step->output.empty() || step->output.starts_with("HTTP/1.1 ");
      if (!is_http || step->output.size() > 64 * 1024) std::abort();
      // The conversation is over, or no longer HTTP's.
      if (step->close || !std::holds_alternative<std::monostate>(step->then)) return 0;
    }
  }
  return 0;
}
