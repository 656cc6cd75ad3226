#include "virtio/block/block_service.h"

#include <algorithm>
#include <utility>

#include "virtio/block/block_regs.h"

namespace skiff {
namespace {

using namespace virtio_blk;
using std::chrono::microseconds;
using std::chrono::nanoseconds;

// How long one turn keeps the executor's thread from its other devices, under load.
constexpr nanoseconds kTurn = microseconds(500);
// The longest wait in the disk's queue, within a turn.
constexpr nanoseconds kDiskWait = microseconds(200);
constexpr nanoseconds kDriverWait = microseconds(200);
// What the average of the driver's gaps counts longer ones as.
constexpr nanoseconds kLongGap = microseconds(1000);
// Every so many rounds it is looked at anew how soon the disk and the driver answer.
constexpr unsigned kProbeRounds = 64;
// How long the first of several completions waits for the next ones.
constexpr nanoseconds kGather = microseconds(4);

// A disk that fails is told of so often.
constexpr RateLimit kErrorLines{.per_second = 1, .burst = 5};

// Intervals of waiting are real time, whatever the clock of the device.
nanoseconds real_time() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

}  // namespace

BlockService::Queue::Queue(ActiveQueue&& queue)
    : active(std::move(queue)), requests(std::make_unique<Request[]>(active.ring.size())) {
  for (std::size_t i = active.ring.size(); i-- != 0;) {
    requests[i].queue = this;
    requests[i].next_free = std::exchange(free, &requests[i]);
  }
}

BlockService::BlockService(std::unique_ptr<DiskBackend> disk, Executor& executor,
                           const Clock& clock, const BlockOptions& options)
    : options_(options),
      clock_(clock),
      executor_(executor),
      disk_(std::move(disk)),
      guest_faults_(options_.name),
      error_lines_(kErrorLines),
      traffic_(options_.bandwidth, options_.operations) {
  limits_.block_size = disk_->info().block_size;
  limits_.read_only = disk_->info().read_only;
}

BlockService::~BlockService() = default;

// --- Life -------------------------------------------------------------------------------------

bool BlockService::open_queue() {
  if (disk_queue_ != nullptr) return true;
  disk_queue_ =
      disk_->create_queue(executor_, *this, std::uint32_t{options_.queues} * options_.queue_size);
  if (disk_queue_ == nullptr) return false;
  engine_.store(disk_queue_->engine());
  tokens_timer_ = executor_.create_timer([this] { on_disk_wake(); });
  return true;
}

std::vector<int> BlockService::bells() const {
  std::vector<int> bells;
  if (options_.is_inline) return bells;  // nobody rings
  for (const auto& queue : queues_)
    bells.push_back(queue->active.kick->fd());
  return bells;
}

void BlockService::start(Activation activation, VirtioInterrupts* interrupts) {
  interrupts_ = interrupts;
  state_ = State::running;
  limits_.discard = (activation.features & kFeatureDiscard) != 0;
  limits_.write_zeroes = (activation.features & kFeatureWriteZeroes) != 0;
  writes_through_ = (activation.features & kFeatureFlush) == 0;
  for (ActiveQueue& queue : activation.queues)
    queues_.push_back(std::make_unique<Queue>(std::move(queue)));
  if (!open_queue() || !disk_queue_->set_bells(bells())) {
    log_error("{}: the host refuses what its disk needs", options_.name);
    return break_off("the host refuses what the disk needs");
  }
  on_disk_wake();  // what was made available before
}

void BlockService::stop(std::function<void()> done) {
  done_ = std::move(done);
  state_ = State::stopping;
  if (held_ != nullptr) release(*std::exchange(held_, nullptr));
  if (tokens_timer_ != nullptr) tokens_timer_->cancel();
  on_disk_wake();
}

void BlockService::finish_stop() {
  if (disk_queue_ != nullptr && !disk_queue_->set_bells({})) {
    log_error("{}: the host does not let go of the queues' eventfds", options_.name);
  }
  queues_.clear();
  interrupts_ = nullptr;
  state_ = State::stopped;
  // The last thing: it may activate the device again.
  if (const auto done = std::exchange(done_, nullptr)) done();
}

void BlockService::shut_down() {
  if (state_ != State::stopped) {
    state_ = State::stopping;
    held_ = nullptr;
    if (disk_queue_ != nullptr) disk_queue_->drain();
    finish_stop();
  }
  tokens_timer_.reset();
  disk_queue_.reset();
}

void BlockService::set_limits(const RateLimit& operations, const RateLimit& bandwidth) {
  traffic_.change(bandwidth, operations, clock_.monotonic());
  if (held_ != nullptr) on_disk_wake();
}

void BlockService::break_off(std::string_view why) {
  state_ = State::broken;
  if (held_ != nullptr) release(*std::exchange(held_, nullptr));
  guest_faults_.report("{}", why);
  if (interrupts_ != nullptr) interrupts_->needs_reset(why);
}

void BlockService::on_disk_wake() noexcept {
  if (state_ == State::running) {
    serve();
  } else {
    if (disk_queue_ != nullptr) disk_queue_->advance();
    const bool is_quiet = disk_queue_ == nullptr || disk_queue_->in_flight() == 0;
    if (state_ == State::stopping && is_quiet) return finish_stop();
  }
  if (disk_queue_ != nullptr) disk_queue_->end_turn();
}

void BlockService::on_notification(std::uint16_t queue) noexcept {
  const auto notified = std::ranges::find(
      queues_, queue, [](const auto& candidate) { return candidate->active.index; });
  if (notified == queues_.end()) return;
  (*notified)->active.count_kick();
  on_disk_wake();
}

// In the order of bells().
void BlockService::on_disk_bell(std::size_t bell) noexcept {
  if (bell < queues_.size()) queues_[bell]->active.count_kick();
}

// --- Rounds -----------------------------------------------------------------------------------

void BlockService::serve() {
  const nanoseconds start = real_time();
  if (idle_since_.count() != 0) {
    note(driver_gap_, start - std::exchange(idle_since_, nanoseconds(0)), false);
  }
  disable_notifications();
  for (;;) {
    const std::size_t popped = pop_all();
    const std::size_t completed = ask_disk(popped);
    if (state_ != State::running) return;
    publish_all();
    if (popped + completed == 0) {
      if (!wait_for_driver()) return;
    } else if (real_time() - start > kTurn) {
      return end_turn();
    }
  }
}

// The executor's other devices have theirs; if there is work, the next turn is right behind.
void BlockService::end_turn() {
  if (held_ != nullptr) return;
  if (enable_notifications()) {
    return executor_.post([weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self != nullptr && self->state_ == State::running) self->on_disk_wake();
    });
  }
  if (disk_queue_->in_flight() == 0) idle_since_ = real_time();
}

// Hands over what was popped. Where the disk answers at once it is not waited for; where it lately
// answered within the time of looking, it is looked at. Else the wait is part of the same system
// call, and the driver may knock meanwhile.
std::size_t BlockService::ask_disk(std::size_t popped) {
  if (disk_queue_->in_flight() == 0) return 0;
  if (state_ != State::running) return disk_queue_->advance();
  const bool probes = ++rounds_ % kProbeRounds == 0;
  const bool looks = options_.poll.count() != 0 && (probes || disk_gap_ < options_.poll);
  if (popped != 0 && (completes_at_once_ || looks)) {
    const std::size_t completed = disk_queue_->advance();
    completes_at_once_ = completed != 0;
    if (completed != 0 || !looks) return completed;
  }
  // A part of what is under way: one interrupt for several, and the disk does not run dry.
  const std::size_t part = std::max<std::size_t>(1, disk_queue_->in_flight() / 4);
  if (looks) {
    const nanoseconds start = real_time();
    const bool found = look([this] { return disk_queue_->has_completions() || any_available(); });
    note(disk_gap_, found ? real_time() - start : kLongGap, probes);
    if (found) {
      if (part > 1) gather(part);
      return disk_queue_->advance();
    }
  }
  const bool has_more = enable_notifications();
  const std::size_t completed = disk_queue_->advance(has_more ? nanoseconds(0) : kDiskWait, part);
  disable_notifications();
  return completed;
}

// Several are under way and the first is done: those that are as good as done come with it.
void BlockService::gather(std::size_t part) const {
  const nanoseconds end = real_time() + kGather;
  while (disk_queue_->completions() < part && !any_available() && real_time() < end) {
  }
}

// Nothing to do. True: there is again. False: back to the executor, which hears the bells.
bool BlockService::wait_for_driver() {
  // Its timer wakes us, and until then the driver need not knock.
  if (held_ != nullptr) return false;
  if (any_available()) return true;  // came while the disk was looked at
  const nanoseconds start = real_time();
  const bool is_idle = disk_queue_->in_flight() == 0;
  const bool probes = rounds_ % kProbeRounds == 0;
  bool found = false;
  // A vCPU does not wait for itself.
  const bool may_wait = is_idle && !options_.is_inline;
  if (may_wait && options_.poll.count() != 0 && (probes || driver_gap_ < options_.poll)) {
    found = look([this] { return any_available(); });
    // What a wait measures has the time of waking up in it; looking tells how soon it really was.
    if (found) note(driver_gap_, real_time() - start, probes);
  }
  if (!found) {
    found = enable_notifications();
    if (!found && may_wait && driver_gap_ < kDriverWait) {
      disk_queue_->advance(kDriverWait, 1);
      found = any_available();
    }
    if (!found) {
      idle_since_ = is_idle ? start : nanoseconds(0);
      return false;
    }
    disable_notifications();
    note(driver_gap_, real_time() - start, false);
  }
  return true;
}

// An average of the last few; `anew` forgets it, so that a probe counts at once.
void BlockService::note(nanoseconds& average, nanoseconds gap, bool anew) {
  const nanoseconds counted = std::min(gap, kLongGap);
  average = anew ? counted : average + (counted - average) / 4;
}

// True as soon as `there` is; false when it was not for the time of looking.
template <typename There>
bool BlockService::look(const There& there) const {
  constexpr int kLooksPerTime = 16;
  const nanoseconds end = real_time() + options_.poll;
  do {
    for (int i = 0; i < kLooksPerTime; ++i) {
      if (there()) return true;
    }
  } while (real_time() < end);
  return false;
}

bool BlockService::any_available() const {
  return std::ranges::any_of(queues_,
                             [](const auto& queue) { return queue->active.ring.has_available(); });
}

void BlockService::disable_notifications() {
  for (const auto& queue : queues_)
    queue->active.ring.disable_notifications();
}

bool BlockService::enable_notifications() {
  bool has_more = false;
  for (const auto& queue : queues_)
    has_more = queue->active.ring.enable_notifications() || has_more;
  return has_more;
}

void BlockService::publish_all() {
  for (const auto& queue : queues_) {
    if (!std::exchange(queue->has_unpublished, false)) continue;
    if (queue->active.ring.publish()) interrupts_->signal_queue(queue->active.index);
  }
}

}  // namespace skiff
