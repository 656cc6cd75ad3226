#include "vmm/control/api/control_connection.h"

#include <sys/socket.h>

#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

#include "vmm/base/log.h"
#include "vmm/control/api/vm_json.h"

namespace skiff {

namespace asio = boost::asio;

ControlConnection::ControlConnection(asio::io_context& io, VmControl& vm,
                                     std::function<void(ControlConnection&)> on_closed)
    : io_(io), vm_(vm), on_closed_(std::move(on_closed)), socket_(io), deadline_(io), front_(vm) {}

bool ControlConnection::start(Fd socket) {
  boost::system::error_code error;
  socket_.assign(socket.get(), error);
  if (error) return false;
  socket.release();
  limit(kRequestTime);
  await_bytes();
  return true;
}

void ControlConnection::close() {
  if (!socket_.is_open()) return;
  subscription_.reset();
  wait_for_ever();
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (const auto closed = std::exchange(on_closed_, nullptr)) closed(*this);
}

void ControlConnection::limit(std::chrono::steady_clock::duration time) {
  deadline_.expires_after(time);
  deadline_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    // A deadline set anew while this call was on its way here does not count.
    if (!error && self->deadline_.expiry() <= std::chrono::steady_clock::now()) self->close();
  });
}

void ControlConnection::wait_for_ever() {
  // Cancels the wait, too.
  deadline_.expires_at(asio::steady_timer::time_point::max());
}

// One step of the conversation; the next one is another turn of the loop, so that a client with
// many requests does not keep signals, consoles and other clients waiting.
void ControlConnection::proceed() {
  if (!socket_.is_open() || mode_ == Mode::waiting || !flush()) return;
  if (step_.close || mode_ == Mode::leaving) return close();
  if (mode_ == Mode::streaming) return wait_for_ever();
  if (!std::holds_alternative<std::monostate>(step_.then)) return begin(std::exchange(step_, {}));
  auto step = front_.next();
  if (!step) {
    if (ended_) return close();
    if (front_.idle()) {
      request_timed_ = false;
      limit(kIdleTime);
    } else if (!request_timed_) {
      request_timed_ = true;
      limit(kRequestTime);
    }
    return await_bytes();
  }
  output_ = std::move(step->output);
  step_ = *std::move(step);
  request_timed_ = false;
  limit(kResponseTime);
  asio::post(io_, [self = shared_from_this()] { self->proceed(); });
}

void ControlConnection::await_bytes() {
  if (awaits_bytes_) return;
  awaits_bytes_ = true;
  socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->awaits_bytes_ = false;
                       if (!error && self->socket_.is_open()) self->on_readable();
                     });
}

void ControlConnection::on_readable() {
  std::array<std::byte, 16 * 1024> bytes;
  const ssize_t got = ::recv(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return await_bytes();
  // The end of what it says: nobody is there any more, or nobody who could say what it wants next.
  // And who waits or listens has nothing to say.
  if (got <= 0 || mode_ != Mode::conversing) return close();
  front_.take({bytes.data(), static_cast<std::size_t>(got)});
  proceed();
}

bool ControlConnection::flush() {
  while (!output_.empty()) {
    const ssize_t sent = ::send(socket_.native_handle(), output_.data(), output_.size(),
                                MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      output_.erase(0, static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      await_room();
      return false;
    } else if (errno != EINTR) {
      close();
      return false;
    }
  }
  return true;
}

void ControlConnection::await_room() {
  if (awaits_room_) return;
  awaits_room_ = true;
  socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->awaits_room_ = false;
                       if (!error) self->proceed();
                     });
}

void ControlConnection::begin(const HttpFront::Step& step) {
  if (const auto* const console = std::get_if<ApiAnswer::Console>(&step.then)) {
    return hand_over(*console);
  }
  // Until the VM's end, or the client's, which is heard of by reading.
  wait_for_ever();
  if (const auto* const events = std::get_if<HttpFront::Events>(&step.then)) {
    begin_events(*events);
  } else {
    mode_ = Mode::waiting;
  }
  if (!ended_) return await_bytes();
  if (mode_ == Mode::waiting) {
    tell_end();
  } else {
    end_events();
  }
  proceed();
}

void ControlConnection::begin_events(const HttpFront::Events& events) {
  mode_ = Mode::streaming;
  chunked_ = events.chunked;
  // Not shared: the subscription is a member, and gone with the connection.
  subscription_ =
      vm_.subscribe(events.wanted.after, [this](const VmEvent& event) { on_event(event); });
}

void ControlConnection::on_event(const VmEvent& event) {
  if (mode_ != Mode::streaming || !socket_.is_open()) return;
  const std::string text = to_json(event);
  const bool was_sent = output_.empty();
  output_ += chunked_ ? render_chunk(text) : text;
  const bool too_far_behind = output_.size() > kMostUnsent;
  if (was_sent && !too_far_behind) limit(kResponseTime);
  // Not from within the listener: closing takes the subscription away.
  asio::post(io_, [self = shared_from_this(), too_far_behind] {
    if (too_far_behind) return self->close();
    self->proceed();
  });
}

void ControlConnection::hand_over(const ApiAnswer::Console& console) {
  const std::string early = front_.take_rest();
  wait_for_ever();
  Fd socket(socket_.release());
  if (const auto closed = std::exchange(on_closed_, nullptr)) closed(*this);
  vm_.attach_console(console.name, console.request, std::move(socket),
                     std::as_bytes(std::span(early)));
}

void ControlConnection::vm_ended(const VmInfo& info) {
  if (!socket_.is_open()) return;
  ended_ = info;
  switch (mode_) {
    case Mode::waiting:
      tell_end();
      break;
    case Mode::streaming:
      end_events();
      break;
    case Mode::conversing: {
      // What it has asked before the end is answered, even if nobody has read it yet.
      std::array<std::byte, 16 * 1024> bytes;
      const ssize_t got = ::recv(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (got > 0) front_.take({bytes.data(), static_cast<std::size_t>(got)});
      break;
    }
    case Mode::leaving:
      break;
  }
  proceed();
}

void ControlConnection::tell_end() {
  mode_ = Mode::leaving;
  output_ += render({.body = to_json(*ended_)}, false);
}

void ControlConnection::end_events() {
  mode_ = Mode::leaving;
  subscription_.reset();
  if (chunked_) output_ += render_chunk("");
}

}  // namespace skiff
