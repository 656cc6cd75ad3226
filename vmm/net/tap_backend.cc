#include "vmm/net/tap_backend.h"

#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "vmm/base/log.h"
#include "vmm/net/frame_buffers.h"

namespace skiff {
namespace {

NetCapabilities make_capabilities(const TapDevice& tap, bool offload) {
  NetCapabilities capabilities;
  capabilities.description = tap.name;
  capabilities.pairs = static_cast<std::uint16_t>(tap.queues.size());
  capabilities.mtu = tap.mtu;
  if (offload && tap.has_frame_header) {
    // What the kernel can deliver it can also take; UFO it takes since ever.
    capabilities.receive = tap.receive;
    capabilities.send = tap.receive;
  }
  return capabilities;
}

}  // namespace

TapBackend::TapBackend(TapDevice tap, bool offload)
    : has_frame_header_(tap.has_frame_header), capabilities_(make_capabilities(tap, offload)) {
  for (Fd& fd : tap.queues)
    queues_.emplace_back().fd = std::move(fd);
  scratch_.reserve(kMaxBuffers);
}

void TapBackend::start(Executor& executor, std::uint16_t pairs, Events events) {
  executor_ = &executor;
  events_ = std::move(events);
  set_receive_offloads({});
  set_pairs(pairs);
}

void TapBackend::stop() {
  for (Queue& queue : queues_) {
    queue.readable.reset();
    queue.writable.reset();
    queue.wanted = false;
  }
  executor_ = nullptr;
}

void TapBackend::set_pairs(std::uint16_t pairs) {
  // A tap spreads flows over its attached queues; one alone needs no choice.
  if (queues_.size() == 1) return;
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    const bool attached = i < pairs;
    if (queues_[i].attached == attached) continue;
    ifreq request{};
    request.ifr_flags = static_cast<short>(attached ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE);
    if (::ioctl(queues_[i].fd.get(), TUNSETQUEUE, &request) != 0) {
      log_error("{}: queue {} cannot be {}: {}", capabilities_.description, i,
                attached ? "attached" : "detached", std::strerror(errno));
      continue;
    }
    queues_[i].attached = attached;
  }
}

void TapBackend::set_receive_offloads(const NetOffloads& offloads) {
  if (!has_frame_header_) return;
  // One setting of the whole device, by any of its queues.
  if (!set_tap_offloads(queues_.front().fd.get(), offloads)) {
    log_error("{}: the offloads cannot be set: {}", capabilities_.description,
              std::strerror(errno));
  }
}

std::span<const iovec> TapBackend::without_header(std::span<const iovec> buffers) {
  scratch_.clear();
  visit_buffers(buffers, sizeof(NetFrameHeader), kMaxFrameSize,
                [this](std::byte* data, std::size_t part) {
                  if (scratch_.size() < kMaxBuffers) scratch_.push_back({data, part});
                });
  return scratch_;
}

SendResult TapBackend::send(std::uint16_t pair, std::span<const iovec> frame) {
  const std::span<const iovec> buffers = has_frame_header_ ? frame : without_header(frame);
  Queue& queue = queues_[pair];
  for (;;) {
    const ssize_t sent = ::writev(queue.fd.get(), buffers.data(), static_cast<int>(buffers.size()));
    if (sent >= 0) return SendResult::sent;
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      await_room(pair);
      return SendResult::full;
    }
    // EINVAL: a frame the kernel finds wrong. EIO: the interface is down. ENOBUFS, ENOMEM: the
    // host is short of memory. On a wire, too, it would be lost.
    return SendResult::sent;
  }
}

void TapBackend::await_room(std::uint16_t pair) {
  Queue& queue = queues_[pair];
  if (queue.writable != nullptr || executor_ == nullptr) return;
  queue.writable = executor_->watch(queue.fd.get(), Readiness::writable, [this, pair] {
    queues_[pair].writable.reset();
    events_.on_sendable(pair);
  });
}

ReceiveResult TapBackend::receive(std::uint16_t pair, std::span<const iovec> room) {
  std::span<const iovec> buffers = room;
  if (!has_frame_header_) {
    const NetFrameHeader header;
    copy_to_buffers(room, 0, std::as_bytes(std::span(&header, 1)));
    buffers = without_header(room);
  }
  for (;;) {
    const ssize_t count =
        ::readv(queues_[pair].fd.get(), buffers.data(), static_cast<int>(buffers.size()));
    if (count > 0) {
      const auto size = static_cast<std::size_t>(count);
      return {.kind = ReceiveResult::Kind::frame,
              .size = has_frame_header_ ? size : size + sizeof(NetFrameHeader)};
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return {};
    // EBADFD, and EIO for good: the interface was deleted.
    if (count < 0) {
      log_error("{}: {}; the guest's network is cut off", capabilities_.description,
                std::strerror(errno));
    }
    return {.kind = ReceiveResult::Kind::closed};
  }
}

void TapBackend::want_receive(std::uint16_t pair, bool wanted) {
  Queue& queue = queues_[pair];
  if (queue.wanted == wanted) return;
  queue.wanted = wanted;
  queue.readable.reset();
  if (!wanted || executor_ == nullptr) return;
  queue.readable = executor_->watch(queue.fd.get(), Readiness::readable,
                                    [this, pair] { events_.on_receivable(pair); });
  if (queue.readable == nullptr)
    log_error("{}: the host cannot wait for frames", capabilities_.description);
}

}  // namespace skiff
