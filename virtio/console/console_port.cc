#include "virtio/console/console_port.h"

#include <algorithm>
#include <utility>

namespace skiff {
namespace {

// How much output one turn may hand on before others of the executor have theirs, and how much at
// once: a write of a file takes as long as it is large. [bytes]
constexpr std::size_t kTurn = 1024 * 1024;
constexpr std::size_t kOffer = 256 * 1024;

}  // namespace

ConsolePort::ConsolePort(std::string name, bool is_console, ByteSink& sink, const EventFd& wake)
    : name_(std::move(name)), is_console_(is_console), sink_(sink), wake_(wake) {}

WindowSize ConsolePort::window_size() const {
  const std::uint32_t both = window_size_.load();
  return {.columns = static_cast<std::uint16_t>(both),
          .rows = static_cast<std::uint16_t>(both >> 16)};
}

void ConsolePort::on_window_size(std::uint16_t columns, std::uint16_t rows) noexcept {
  const std::uint32_t both = std::uint32_t{rows} << 16 | columns;
  if (window_size_.exchange(both) == both) return;
  resized_.store(true);
  wake_.signal();
}

std::size_t ConsolePort::receive(std::span<const std::byte> bytes) noexcept {
  const InputRing::Pushed pushed = input_.push(bytes);
  // In a ring that was not empty the older bytes wait for buffers, whose kick will find these too,
  // or are being moved just now.
  if (pushed.was_empty && pushed.taken != 0) wake_.signal();
  return pushed.taken;
}

void ConsolePort::on_transmit_room() noexcept {
  wake_.signal();
}

bool ConsolePort::is_transmit_idle() noexcept {
  if (!has_driver_.load() || idle_.load()) return true;
  // Only the executor knows: a kick may be on its way to it.
  idle_asked_.store(true);
  wake_.signal();
  return false;
}

void ConsolePort::answer_idle() {
  if (idle_asked_.exchange(false)) idle_.store(!is_sending_ && !has_more_output_);
}

ConsolePort::Sent ConsolePort::send(std::size_t& budget) {
  const std::span<const iovec> buffers = sending_.readable();
  while (sent_buffers_ < buffers.size()) {
    const iovec& buffer = buffers[sent_buffers_];
    if (budget == 0) return Sent::budget_spent;
    const std::size_t offer = std::min({buffer.iov_len - sent_bytes_, kOffer, budget});
    const auto* const from = static_cast<const std::byte*>(buffer.iov_base) + sent_bytes_;
    // A sink that takes a part is offered the rest at once: only one that takes nothing is known to
    // call on_transmit_room later.
    const std::size_t taken = sink_.write({from, offer});
    if (taken == 0) return Sent::blocked;
    budget -= taken;
    sent_bytes_ += taken;
    if (sent_bytes_ == buffer.iov_len) {
      ++sent_buffers_;
      sent_bytes_ = 0;
    }
  }
  return Sent::all;
}

ConsolePort::Moved ConsolePort::move_output(Virtqueue& queue, GuestFaultLog& faults) {
  Moved moved;
  bool completed = false;
  std::size_t budget = kTurn;
  queue.disable_notifications();
  for (std::size_t chains = 0;;) {
    if (!is_sending_) {
      if (chains++ == queue.size()) {
        moved.progress = Progress::more;
        break;
      }
      const PopResult result = queue.pop(sending_);
      if (result == PopResult::empty) {
        if (queue.enable_notifications()) continue;
        break;
      }
      if (result == PopResult::broken) {
        moved.progress = Progress::broken;
        break;
      }
      is_sending_ = true;
      sent_buffers_ = 0;
      sent_bytes_ = 0;
      if (sending_.writable_size() != 0) faults.report("a transmit buffer is device-writable");
    }
    const Sent sent = send(budget);
    // Blocked: on_transmit_room goes on, and until then the driver need not notify.
    if (sent == Sent::blocked) break;
    if (sent == Sent::budget_spent) {
      moved.progress = Progress::more;
      break;
    }
    is_sending_ = false;
    queue.complete(sending_, 0);
    completed = true;
  }
  moved.interrupt = completed && queue.publish();
  has_more_output_ = moved.progress == Progress::more;
  return moved;
}

ConsolePort::Moved ConsolePort::move_input(Virtqueue& queue, GuestFaultLog& faults) {
  Moved moved;
  bool completed = false;
  bool room = false;
  queue.disable_notifications();
  for (std::size_t chains = 0;; ++chains) {
    std::span<const std::byte> input = input_.front();
    // Nothing to bring: the driver may add buffers without telling.
    if (input.empty()) break;
    if (chains == queue.size()) {
      moved.progress = Progress::more;
      break;
    }
    const PopResult result = queue.pop(receiving_);
    if (result == PopResult::empty) {
      if (queue.enable_notifications()) continue;
      break;
    }
    if (result == PopResult::broken) {
      moved.progress = Progress::broken;
      break;
    }
    ChainWriter writer(receiving_);
    if (writer.remaining() == 0) faults.report("a receive buffer is not device-writable");
    while (!input.empty() && writer.remaining() != 0) {
      const auto part = input.first(std::min(input.size(), writer.remaining()));
      writer.write(part);
      room |= input_.pop(part.size());
      input = input_.front();
    }
    queue.complete(receiving_,
                   static_cast<std::uint32_t>(receiving_.writable_size() - writer.remaining()));
    completed = true;
  }
  moved.interrupt = completed && queue.publish();
  if (room && listener_ != nullptr) listener_->on_receive_room();
  return moved;
}

void ConsolePort::meet_driver() {
  idle_.store(false);
  has_driver_.store(true);
}

void ConsolePort::forget_driver() {
  is_sending_ = false;
  has_more_output_ = false;
  has_driver_.store(false);
}

}  // namespace skiff
