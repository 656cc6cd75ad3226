// A network device with a driver on one side and a wire on the other, and a clock to turn.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_virtio_driver.h"
#include "tests/unit/virtio/net/fake_net_backend.h"
#include "virtio/net/net_device.h"
#include "virtio/net/net_regs.h"
#include "vmm/base/log.h"

namespace skiff::net_test {

using namespace virtio_net;  // NOLINT(google-build-using-namespace)

inline constexpr MacAddress kMacAddress{{0x52, 0x54, 0, 0x12, 0x34, 0x56}};
inline constexpr std::size_t kHeader = sizeof(NetFrameHeader);
inline constexpr std::uint64_t kAll = ~std::uint64_t{0};

// `size` bytes that differ from each other, to kMacAddress.
inline std::string make_frame(std::size_t size, const MacAddress& to = kMacAddress) {
  std::string frame(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    frame[i] = static_cast<char>(i * 7 + i / 256);
  std::memcpy(frame.data(), to.bytes.data(), std::min(size, sizeof to.bytes));
  return frame;
}

template <typename T>
std::string bytes_of(const T& value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

// A received chain of buffers: header, and the frame behind it.
struct Received {
  NetFrameHeader header;
  std::string frame;
};

class NetTest : public ::testing::Test {
 protected:
  NetTest() { log_setup(LogLevel::off, ""); }

  // Once per test. `features`: what the driver takes of what is offered.
  void make(std::uint64_t features = kAll, NetDeviceOptions options = {},
            std::optional<NetCapabilities> capabilities = std::nullopt,
            const DriverQueueOptions& ring = {}) {
    if (options.mac.is_zero()) options.mac = kMacAddress;
    auto backend = std::make_unique<FakeNetBackend>(
        capabilities.value_or(FakeNetBackend::full_capabilities(options.pairs)));
    wire = backend.get();
    device = create_net_device(options, std::move(backend), clock, clock);
    driver.emplace(*device, ring);
    negotiated = device->features() & features;
    driver->activate(negotiated);
    clock.run();
  }

  std::uint16_t control_queue() const {
    return static_cast<std::uint16_t>((negotiated & kMq) != 0 ? device->queue_sizes().size() - 1
                                                              : kControlQueueWithoutMq);
  }
  // Sends a frame from one buffer.
  void transmit(std::string_view frame, const NetFrameHeader& header = {}, std::size_t queue = 1) {
    driver->send(queue, bytes_of(header) + std::string(frame));
    clock.run();
  }
  void give(int count, std::uint32_t length, std::size_t queue = 0) {
    for (int i = 0; i < count; ++i)
      driver->give(queue, length);
    clock.run();
  }
  // The next frame, out of as many buffers as its header says.
  std::optional<Received> take(std::size_t queue = 0) {
    auto bytes = driver->take(queue);
    if (!bytes || bytes->size() < kHeader) return std::nullopt;
    Received received;
    std::memcpy(&received.header, bytes->data(), kHeader);
    for (int i = 1; i < received.header.num_buffers; ++i)
      *bytes += driver->take(queue).value_or("");
    received.frame = bytes->substr(kHeader);
    return received;
  }
  // The answer to a control command; nothing if it did not come back.
  std::optional<std::uint8_t> command(std::string_view bytes) {
    const std::uint16_t index = control_queue();
    const GuestAddress request = driver->buffer(index);
    const GuestAddress answer = driver->buffer(index);
    driver->memory().write(request, std::as_bytes(std::span(bytes)));
    driver->memory().store<std::uint8_t>(answer, 0xee);
    driver->queue(index).offer(
        {{request, static_cast<std::uint32_t>(bytes.size())}, {answer, 1, true}});
    driver->kick(index);
    clock.run();
    const auto used = driver->queue(index).used();
    if (!used || used->length != 1) return std::nullopt;
    return driver->memory().load<std::uint8_t>(answer);
  }
  template <typename T>
  T config(std::uint64_t offset) const {
    T value{};
    device->read_config(offset, std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }

  FakeClock clock;
  FakeNetBackend* wire = nullptr;
  std::unique_ptr<NetDevice> device;
  std::optional<FakeVirtioDriver> driver;
  std::uint64_t negotiated = 0;
};

}  // namespace skiff::net_test
