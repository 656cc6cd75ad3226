#include "vmm/net/stream_backend.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "vmm/base/log.h"
#include "vmm/net/frame_buffers.h"

namespace skiff {
namespace {

NetCapabilities make_capabilities(const StreamBackend::Options& options) {
  NetCapabilities capabilities;
  capabilities.description = options.description;
  capabilities.mtu = options.mtu;
  if (options.trusting) {
    capabilities.send = {.checksum = true, .tso4 = true, .tso6 = true, .ecn = true};
    capabilities.receive = {.checksum = true};
  }
  return capabilities;
}

}  // namespace

struct StreamBackend::Outgoing {
  static constexpr std::size_t kMaxMessages = 64;
  static constexpr std::size_t kMaxBytes = 256 * 1024;  // then they are sent

  std::vector<iovec> buffers;
  std::vector<std::size_t> first_buffer;  // of each message
  std::vector<std::size_t> sizes;         // of each message
  std::array<std::uint32_t, kMaxBuffers> prefixes;
  std::size_t prefix_count = 0;
  std::size_t bytes = 0;

  Outgoing() {
    buffers.reserve(kMaxBuffers);
    first_buffer.reserve(kMaxMessages);
    sizes.reserve(kMaxMessages);
  }
  bool has_room(std::size_t frame_buffers) const {
    return buffers.size() + frame_buffers + 1 <= kMaxBuffers && sizes.size() < kMaxMessages &&
           bytes < kMaxBytes;
  }
  void add(std::span<const iovec> frame, std::size_t size) {
    const std::size_t with_prefix = size + FrameStreamReader::kPrefixSize;
    if (sizes.empty() || sizes.back() + with_prefix > kMessageSize) {
      first_buffer.push_back(buffers.size());
      sizes.push_back(0);
    }
    std::uint32_t& prefix = prefixes[prefix_count++];
    prefix = htonl(static_cast<std::uint32_t>(size));
    buffers.push_back({&prefix, sizeof prefix});
    visit_buffers(frame, sizeof(NetFrameHeader), size,
                  [this](std::byte* data, std::size_t part) { buffers.push_back({data, part}); });
    sizes.back() += with_prefix;
    bytes += with_prefix;
  }
  std::span<const iovec> message(std::size_t index) const {
    const std::size_t end =
        index + 1 < first_buffer.size() ? first_buffer[index + 1] : buffers.size();
    return std::span(buffers).subspan(first_buffer[index], end - first_buffer[index]);
  }
  void clear() {
    buffers.clear();
    first_buffer.clear();
    sizes.clear();
    prefix_count = 0;
    bytes = 0;
  }
};

StreamBackend::StreamBackend(Fd socket, const Options& options)
    : socket_(std::move(socket)),
      capabilities_(make_capabilities(options)),
      trusting_(options.trusting),
      reader_(kMaxFrameSize),
      outgoing_(std::make_unique<Outgoing>()) {}

StreamBackend::~StreamBackend() = default;

void StreamBackend::start(Executor& executor, std::uint16_t /*pairs*/, Events events) {
  executor_ = &executor;
  events_ = std::move(events);
  data_valid_ = false;
  socket_is_empty_ = false;
  if (!pending_.empty()) drain_pending();
}

void StreamBackend::stop() {
  outgoing_->clear();
  readable_.reset();
  writable_.reset();
  wants_receive_ = false;
  refused_ = false;
  executor_ = nullptr;
}

void StreamBackend::set_receive_offloads(const NetOffloads& offloads) {
  data_valid_ = trusting_ && offloads.checksum;
}

void StreamBackend::want_receive(std::uint16_t /*pair*/, bool wanted) {
  if (wanted == wants_receive_) return;
  wants_receive_ = wanted;
  readable_.reset();
  if (!wanted || executor_ == nullptr) return;
  readable_ = executor_->watch(socket_.get(), Readiness::readable, [this] {
    socket_is_empty_ = false;
    events_.on_receivable(0);
  });
  if (readable_ == nullptr) close("the host cannot wait for its socket");
}

ReceiveResult StreamBackend::receive(std::uint16_t /*pair*/, std::span<const iovec> room) {
  while (!closed_) {
    std::span<const std::byte> frame;
    switch (reader_.next(frame)) {
      case FrameStreamReader::Next::frame:
        if (frame.size() < kShortestFrame) continue;
        return deliver(frame, room);
      case FrameStreamReader::Next::broken:
        close("it sent a frame that is too long");
        continue;
      case FrameStreamReader::Next::more:
        break;
    }
    // A read that did not fill the buffer took all there was: no system call to be told so. What
    // came since makes the socket readable.
    if (std::exchange(socket_is_empty_, false)) return {};
    const std::span<std::byte> bytes = reader_.room();
    const ssize_t count = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count > 0) {
      reader_.filled(static_cast<std::size_t>(count));
      socket_is_empty_ = static_cast<std::size_t>(count) < bytes.size();
    } else if (count == 0) {
      close("it has ended");
    } else if (errno == EAGAIN) {
      return {};
    } else if (errno != EINTR) {
      close(std::strerror(errno));
    }
  }
  return {.kind = ReceiveResult::Kind::closed};
}

ReceiveResult StreamBackend::deliver(std::span<const std::byte> frame,
                                     std::span<const iovec> room) const {
  const NetFrameHeader header{.flags = data_valid_ ? NetFrameHeader::kDataValid : std::uint8_t{0}};
  std::size_t size = copy_to_buffers(room, 0, std::as_bytes(std::span(&header, 1)));
  size += copy_to_buffers(room, sizeof header, frame);
  return {.kind = ReceiveResult::Kind::frame, .size = size};
}

SendResult StreamBackend::send(std::uint16_t /*pair*/, std::span<const iovec> frame) {
  if (closed_) return SendResult::sent;
  const std::size_t total = buffers_size(frame);
  if (total < sizeof(NetFrameHeader) + kShortestFrame) return SendResult::sent;
  const std::size_t size = total - sizeof(NetFrameHeader);
  if (size > kLongestFrame || frame.size() >= kMaxBuffers) return SendResult::sent;
  if (!outgoing_->has_room(frame.size())) transmit();
  if (!pending_.empty()) {
    refused_ = true;
    return SendResult::full;
  }
  outgoing_->add(frame, size);
  return SendResult::sent;
}

void StreamBackend::flush(std::uint16_t /*pair*/) {
  transmit();
}

void StreamBackend::transmit() {
  const std::size_t count = outgoing_->sizes.size();
  std::size_t done = 0;     // messages
  std::size_t partial = 0;  // bytes of the next one
  while (done < count && !closed_) {
    std::array<mmsghdr, Outgoing::kMaxMessages> headers{};
    for (std::size_t i = done; i < count; ++i) {
      const auto message = outgoing_->message(i);
      // sendmsg does not write through it.
      headers[i - done].msg_hdr.msg_iov = const_cast<iovec*>(message.data());
      headers[i - done].msg_hdr.msg_iovlen = message.size();
    }
    const int sent = ::sendmmsg(socket_.get(), headers.data(), static_cast<unsigned>(count - done),
                                MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) break;
      close(std::strerror(errno));
      break;
    }
    done += static_cast<std::size_t>(sent);
    // Only the last one can be cut short.
    if (sent > 0) {
      const std::size_t of_last = headers[static_cast<std::size_t>(sent) - 1].msg_len;
      if (of_last < outgoing_->sizes[done - 1]) {
        --done;
        partial = of_last;
        break;
      }
    }
  }
  if (done < count && !closed_) keep(done, partial);
  outgoing_->clear();
}

// The caller's buffers go after a flush; what did not go out is copied. At most kMaxBytes and a
// frame.
void StreamBackend::keep(std::size_t first_message, std::size_t sent_of_it) {
  std::size_t skip = sent_of_it;
  for (std::size_t i = first_message; i < outgoing_->sizes.size(); ++i) {
    visit_buffers(outgoing_->message(i), skip, outgoing_->sizes[i] - skip,
                  [this](const std::byte* data, std::size_t part) {
                    pending_.insert(pending_.end(), data, data + part);
                  });
    pending_ends_.push_back(pending_.size());
    skip = 0;
  }
  if (writable_ == nullptr && executor_ != nullptr) {
    writable_ = executor_->watch(socket_.get(), Readiness::writable, [this] { drain_pending(); });
  }
}

void StreamBackend::drain_pending() {
  std::size_t message = 0;
  while (message < pending_ends_.size() && !closed_) {
    const ssize_t sent =
        ::send(socket_.get(), pending_.data() + pending_sent_,
               pending_ends_[message] - pending_sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) break;
      close(std::strerror(errno));
      break;
    }
    pending_sent_ += static_cast<std::size_t>(sent);
    if (pending_sent_ == pending_ends_[message]) ++message;
  }
  pending_ends_.erase(pending_ends_.begin(),
                      pending_ends_.begin() + static_cast<std::ptrdiff_t>(message));
  if (!pending_ends_.empty() && !closed_) {
    if (writable_ == nullptr && executor_ != nullptr) {
      writable_ = executor_->watch(socket_.get(), Readiness::writable, [this] { drain_pending(); });
    }
    return;
  }
  pending_.clear();
  pending_ends_.clear();
  pending_sent_ = 0;
  writable_.reset();
  // Never from start: nobody was refused yet.
  if (std::exchange(refused_, false) && events_.on_sendable) events_.on_sendable(0);
}

void StreamBackend::close(std::string_view why) {
  if (std::exchange(closed_, true)) return;
  on_closed(why);
}

void StreamBackend::on_closed(std::string_view why) {
  log_error("{}: {}; the guest's network is cut off", capabilities_.description, why);
}

}  // namespace skiff
