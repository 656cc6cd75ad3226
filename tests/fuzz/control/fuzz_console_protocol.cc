// Any bytes from a client of a console, and from a VM to `skiff console`: no crash, no hang, and no
// more input for the guest than was sent. The first byte says how large the pieces are and how much
// the guest takes.
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "vmm/control/console/console_frames.h"
#include "vmm/control/console/console_hub.h"

namespace {

using namespace skiff;

class Guest final : public CharacterDevice {
 public:
  std::size_t receive(std::span<const std::byte> bytes) noexcept override {
    const std::size_t taken = std::min(bytes.size(), room);
    room -= taken;
    received += taken;
    return taken;
  }
  void receive_break() noexcept override {}
  void set_room_listener(ReceiveRoomListener*) override {}
  void on_transmit_room() noexcept override {}
  std::size_t room = 0;
  std::size_t received = 0;
};

void parse(FrameParser::Sender sender, std::span<const std::byte> bytes, std::size_t piece) {
  FrameParser parser(sender);
  while (!bytes.empty()) {
    auto some = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(some.size());
    for (;;) {
      const auto part = parser.next(some);
      if (!part) return;
      if (!*part) break;
      if ((*part)->bytes.size() > kMaxFrameData) std::abort();
    }
    if (!some.empty()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  parse(FrameParser::Sender::client, bytes, std::size_t{1} << (data[0] & 0xf));
  parse(FrameParser::Sender::vm, bytes, std::size_t{1} << (data[0] & 0xf));

  boost::asio::io_context io(1);
  ConsoleHub hub(io, "com1");
  Guest guest;
  guest.room = data[0];
  hub.attach(&guest);
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return 0;
  const Fd client(ends[0]);
  hub.adopt({.write = (data[0] & 0x80) == 0}, Fd(ends[1]), bytes);
  hub.write(bytes.first(std::min<std::size_t>(bytes.size(), 64)));
  io.poll();
  guest.room = size;
  hub.on_receive_room();
  io.poll();
  if (guest.received > bytes.size()) std::abort();
  hub.attach(nullptr);
  return 0;
}
