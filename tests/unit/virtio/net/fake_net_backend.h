// A wire whose ends the test holds: frames that arrive, frames that were sent.
// Thread rule: one thread, the executor's; wants() and the counters any while that stands still.
#pragma once

#include <cstddef>
#include <cstring>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vmm/net/frame_buffers.h"
#include "vmm/net/net_backend.h"

namespace skiff {

class FakeNetBackend final : public NetBackend {
 public:
  struct Frame {
    NetFrameHeader header;
    std::string bytes;
  };

  explicit FakeNetBackend(NetCapabilities given) : given_(std::move(given)) {
    arriving.resize(given_.pairs);
    wanted.resize(given_.pairs);
  }
  // A wire that can do everything.
  static NetCapabilities full_capabilities(std::uint16_t pairs = 1) {
    const NetOffloads all{
        .checksum = true, .tso4 = true, .tso6 = true, .ecn = true, .ufo = true, .uso = true};
    NetCapabilities capabilities;
    capabilities.description = "fake";
    capabilities.pairs = pairs;
    capabilities.mtu = 1500;
    capabilities.send = all;
    capabilities.receive = all;
    return capabilities;
  }

  const NetCapabilities& capabilities() const override { return given_; }
  void start(Executor& /*executor*/, std::uint16_t in_use, Events given_events) override {
    started = true;
    pairs = in_use;
    events = std::move(given_events);
    wanted.assign(wanted.size(), false);
  }
  void stop() override { started = false; }
  void set_pairs(std::uint16_t in_use) override { pairs = in_use; }
  void set_receive_offloads(const NetOffloads& wanted_offloads) override {
    offloads = wanted_offloads;
  }
  SendResult send(std::uint16_t pair, std::span<const iovec> frame) override {
    if (full) return SendResult::full;
    Frame copy;
    copy_from_buffers(frame, 0, std::as_writable_bytes(std::span(&copy.header, 1)));
    copy.bytes.resize(buffers_size(frame) - sizeof(NetFrameHeader));
    copy_from_buffers(frame, sizeof(NetFrameHeader), std::as_writable_bytes(std::span(copy.bytes)));
    sent.push_back(std::move(copy));
    sent_by.push_back(pair);
    return SendResult::sent;
  }
  void flush(std::uint16_t /*pair*/) override { ++flushes; }
  ReceiveResult receive(std::uint16_t pair, std::span<const iovec> room) override {
    ++receives;
    if (closed) return {.kind = ReceiveResult::Kind::closed};
    if (arriving[pair].empty()) return {};
    const Frame frame = std::move(arriving[pair].front());
    arriving[pair].pop_front();
    std::size_t size = copy_to_buffers(room, 0, std::as_bytes(std::span(&frame.header, 1)));
    size += copy_to_buffers(room, sizeof frame.header, std::as_bytes(std::span(frame.bytes)));
    return {.kind = ReceiveResult::Kind::frame, .size = size};
  }
  void want_receive(std::uint16_t pair, bool is_wanted) override { wanted[pair] = is_wanted; }

  // Puts a frame on the wire, and tells of it where that is wanted.
  void arrive(std::string_view bytes, const NetFrameHeader& header = {}, std::uint16_t pair = 0) {
    arriving[pair].push_back({header, std::string(bytes)});
    tell(pair);
  }
  void tell(std::uint16_t pair = 0) {
    if (started && wanted[pair]) events.on_receivable(pair);
  }

  std::vector<std::deque<Frame>> arriving;  // by pair
  std::vector<bool> wanted;                 // by pair
  std::vector<Frame> sent;
  std::vector<std::uint16_t> sent_by;
  int flushes = 0;
  int receives = 0;
  std::uint16_t pairs = 0;
  NetOffloads offloads;
  bool started = false;
  bool full = false;
  bool closed = false;
  Events events;

 private:
  const NetCapabilities given_;
};

}  // namespace skiff
