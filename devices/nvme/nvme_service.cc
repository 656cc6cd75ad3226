#include "devices/nvme/nvme_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>

namespace skiff {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

// Commands of all queues that are with the disk at once.
constexpr std::uint32_t kRequests = 256;
// Commands of one queue in one round.
constexpr std::size_t kBurst = 64;
// How long one turn keeps the executor's thread from its other devices, under load.
constexpr nanoseconds kTurn = microseconds(500);
// The longest wait in the disk's queue, within a turn.
constexpr nanoseconds kDiskWait = microseconds(200);
// A disk that fails is told of so often.
constexpr RateLimit kErrorLines{.per_second = 1, .burst = 5};

// Turns are real time, whatever the clock of the device.
nanoseconds now() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

NvmeIdentity identity_of(const DiskInfo& disk, const NvmeOptions& options) {
  return {
      .serial = options.serial.empty() ? options.name : options.serial,
      .uuid = nvme_uuid(fmt::format("{}\n{}\n{}", options.source, options.serial, options.name)),
      .disk = disk,
      .has_doorbell_buffer = options.shadow_doorbells};
}

nvme::Status status_of(const DiskRequest& request) {
  using enum nvme::Status;
  if (request.error == ENOSPC) return capacity_exceeded;
  if (request.error == EOPNOTSUPP) return invalid_opcode;
  if (request.error != EIO) return internal_error;
  return request.operation == DiskOperation::read ? unrecovered_read : write_fault;
}

}  // namespace

NvmeService::NvmeService(std::unique_ptr<DiskBackend> disk, Executor& executor, const Clock& clock,
                         const GuestMemory& memory, NvmeDoorbells& doorbells, NvmePort& port,
                         const NvmeOptions& options)
    : options_(options),
      clock_(clock),
      executor_(executor),
      memory_(memory),
      doorbells_(doorbells),
      port_(port),
      disk_(std::move(disk)),
      identity_(identity_of(disk_->info(), options_)),
      faults_(options_.name),
      error_lines_(kErrorLines),
      traffic_(options_.bandwidth, options_.operations),
      features_(options_.queues, static_cast<std::uint16_t>(doorbells.queues())),
      completion_queues_(doorbells.queues()),
      submission_queues_(doorbells.queues()) {
  const DiskInfo& info = disk_->info();
  limits_.block_size = info.block_size;
  limits_.read_only = info.read_only;
  limits_.can_discard = info.can_discard;
  limits_.can_write_zeroes = info.can_write_zeroes;
}

NvmeService::~NvmeService() = default;

// --- Life -------------------------------------------------------------------------------------

bool NvmeService::open_disk_queue() {
  if (disk_queue_ == nullptr) {
    disk_queue_ = disk_->create_queue(executor_, *this, kRequests + 1);
    if (disk_queue_ == nullptr) return false;
    engine_.store(disk_queue_->engine());
    tokens_timer_ = executor_.create_timer([this] { on_disk_wake(); });
    requests_ = std::make_unique<Request[]>(kRequests);
    for (std::size_t i = kRequests; i-- != 0;)
      requests_[i].next_free = std::exchange(free_, &requests_[i]);
  }
  std::vector<int> bells;
  for (std::size_t i = 0; i < doorbells_.queues(); ++i)
    bells.push_back(doorbells_.queue(i).kick.fd());
  return disk_queue_->set_bells(bells);
}

bool NvmeService::start(const NvmeAdminQueues& queues) {
  const std::uint32_t sq_size = (queues.aqa & 0xfff) + 1;
  const std::uint32_t cq_size = (queues.aqa >> 16 & 0xfff) + 1;
  const auto sq = memory_.slice(GuestAddress(queues.asq), sq_size * sizeof(nvme::Command));
  const auto cq = memory_.slice(GuestAddress(queues.acq), cq_size * sizeof(nvme::Completion));
  if (!sq || !cq || sq_size < 2 || cq_size < 2) {
    faults_.report("the admin queues are not in memory");
    return false;
  }
  if (!open_disk_queue()) {
    log_error("{}: the host refuses what its disk needs", options_.name);
    return false;
  }
  features_ = NvmeFeatures(options_.queues, static_cast<std::uint16_t>(doorbells_.queues()));
  events_.forget_requests();
  NvmeQueueDoorbells& bells = doorbells_.queue(0);
  completion_queues_[0] = std::make_unique<NvmeCompletionQueue>(std::uint16_t{0}, *cq, cq_size,
                                                                std::uint16_t{0}, true, bells);
  submission_queues_[0] = std::make_unique<NvmeSubmissionQueue>(std::uint16_t{0}, *sq, sq_size,
                                                                *completion_queues_[0], bells);
  state_ = State::running;
  doorbells_.fall_asleep(false);
  return true;
}

void NvmeService::stop(std::function<void()> done) {
  done_ = std::move(done);
  state_ = State::stopping;
  if (held_ != nullptr) release(*std::exchange(held_, nullptr));
  if (tokens_timer_ != nullptr) tokens_timer_->cancel();
  on_disk_wake();
}

void NvmeService::shut_down_notice(std::function<void()> done) {
  if (state_ != State::running) return;
  done_ = std::move(done);
  state_ = State::finishing;
  on_disk_wake();
}

// Behind the last command its data goes to stable storage, and then nothing more happens (7.6.2).
void NvmeService::finish_if_quiet() {
  if (state_ == State::finishing && held_ == nullptr && disk_queue_->in_flight() == 0) {
    if (limits_.read_only) {
      state_ = State::quiet;
    } else {
      final_flush_.operation = DiskOperation::flush;
      disk_queue_->submit(final_flush_);
      disk_queue_->advance();
    }
  }
  if (state_ == State::quiet) {
    if (const auto done = std::exchange(done_, nullptr)) done();
  }
  const bool is_idle = disk_queue_ == nullptr || disk_queue_->in_flight() == 0;
  if (state_ == State::stopping && is_idle) finish_stop();
}

void NvmeService::finish_stop() {
  if (disk_queue_ != nullptr && !disk_queue_->set_bells({})) {
    log_error("{}: the host does not let go of the queues' eventfds", options_.name);
  }
  for (auto& queue : submission_queues_) {
    if (queue != nullptr && queue->shadow().value != nullptr) port_.close_doorbell(queue->id());
    queue.reset();
  }
  for (auto& queue : completion_queues_)
    queue.reset();
  shadow_values_ = shadow_events_ = {};
  state_ = State::stopped;
  // The last thing: it may start the service again.
  if (const auto done = std::exchange(done_, nullptr)) done();
}

void NvmeService::shut_down() {
  if (state_ != State::stopped) {
    state_ = State::stopping;
    held_ = nullptr;
    done_ = nullptr;
    if (disk_queue_ != nullptr) disk_queue_->drain();
    finish_stop();
  }
  tokens_timer_.reset();
  disk_queue_.reset();
}

void NvmeService::set_limits(const RateLimit& operations, const RateLimit& bandwidth) {
  traffic_.change(bandwidth, operations, clock_.monotonic());
  if (held_ != nullptr) on_disk_wake();
}

void NvmeService::namespace_changed() {
  if (state_ != State::running || !features_.notices_namespace_change()) return;
  events_.report(NvmeEvent::namespace_changed);
  serve();
}

void NvmeService::on_disk_wake() noexcept {
  if (state_ == State::running) return serve();
  if (disk_queue_ != nullptr) disk_queue_->advance();
  if (state_ == State::finishing && held_ != nullptr && take_tokens(*held_)) {
    submit(*std::exchange(held_, nullptr));
    disk_queue_->advance();
  }
  publish_all();
  finish_if_quiet();
}

void NvmeService::on_disk_bell(std::size_t bell) noexcept {
  if (bell < doorbells_.queues()) doorbells_.queue(bell).notifications.add(1);
}

// --- Rounds -----------------------------------------------------------------------------------

void NvmeService::serve() {
  const nanoseconds start = now();
  doorbells_.stay_awake();
  for (;;) {
    const std::size_t taken = take_all();
    const std::size_t completed = ask_disk(taken);
    answer_events();
    publish_all();
    if (taken + completed == 0) {
      if (try_sleep()) return;
    } else if (now() - start > kTurn) {
      return end_turn();
    }
  }
}

// The executor's other devices have theirs; if there is work, the next turn is right behind.
void NvmeService::end_turn() {
  if (try_sleep()) return;
  executor_.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self != nullptr && self->state_ == State::running) self->serve();
  });
}

// False: there is something to do.
bool NvmeService::try_sleep() {
  doorbells_.fall_asleep(waits_for_room_);
  for (const auto& queue : submission_queues_)
    if (queue != nullptr) queue->arm();
  for (const auto& queue : completion_queues_)
    if (queue != nullptr && waits_for_room_) queue->arm();
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!any_work()) return true;
  doorbells_.stay_awake();
  return false;
}

bool NvmeService::any_work() {
  if (doorbells_.has_stray()) return true;
  for (const auto& queue : submission_queues_) {
    if (queue == nullptr || queue->is_ending) continue;
    look(*queue);
    const bool is_admin = queue->id() == 0;
    const bool wants_room = queue->has_command() || (is_admin && events_.has_answer());
    if (!wants_room) continue;
    if (!queue->completions().has_room()) {
      // Once more, with an ear for the completion queues' doorbells.
      if (!waits_for_room_) return true;
    } else if (is_admin || (held_ == nullptr && free_ != nullptr)) {
      // What is held waits for its timer.
      return true;
    }
  }
  return false;
}

void NvmeService::look(NvmeSubmissionQueue& queue) {
  const bool tail_is_good = queue.look();
  const bool head_is_good = queue.completions().look();
  if (tail_is_good && head_is_good) return;
  faults_.report("a doorbell of queue {} has a value that cannot be", queue.id());
  events_.report(NvmeEvent::bad_doorbell_value);
}

// Hands over what was taken. A wait for the disk is part of the same system call, and the driver
// may ring meanwhile.
std::size_t NvmeService::ask_disk(std::size_t taken) {
  if (disk_queue_->in_flight() == 0) return 0;
  if (taken != 0) {
    if (const std::size_t completed = disk_queue_->advance(); completed != 0) return completed;
  }
  // A part of what is under way: one interrupt for several, and the disk does not run dry.
  const std::size_t part = std::max<std::size_t>(1, disk_queue_->in_flight() / 4);
  publish_all();
  const bool sleeps = try_sleep();
  const std::size_t completed = disk_queue_->advance(sleeps ? kDiskWait : nanoseconds(0), part);
  doorbells_.stay_awake();
  return completed;
}

std::size_t NvmeService::take_all() {
  if (doorbells_.take_stray()) {
    faults_.report("a doorbell of no queue was written");
    events_.report(NvmeEvent::no_such_doorbell);
  }
  limits_.capacity = disk_->capacity();
  waits_for_room_ = false;
  std::size_t taken = 0;
  if (held_ != nullptr && take_tokens(*held_)) {
    ++taken;
    submit(*std::exchange(held_, nullptr));
  }
  const std::size_t queues = submission_queues_.size();
  for (std::size_t i = 0; i < queues; ++i)
    taken += take_from((first_ + i) % queues);
  first_ = (first_ + 1) % queues;
  return taken;
}

std::size_t NvmeService::take_from(std::size_t id) {
  std::size_t taken = 0;
  if (submission_queues_[id] == nullptr) return 0;
  look(*submission_queues_[id]);
  while (taken < kBurst) {
    NvmeSubmissionQueue* const queue = submission_queues_[id].get();
    if (queue == nullptr || queue->is_ending || !queue->has_command()) break;
    if (id != 0 && (held_ != nullptr || free_ == nullptr)) break;
    if (!queue->completions().reserve()) {
      waits_for_room_ = true;
      break;
    }
    const Command command = queue->take();
    queue->bells().requests.add(1);
    ++taken;
    if (id != 0) {
      execute(*queue, command);
    } else if (const Answer answer = execute_admin(command); !answer.is_later) {
      complete(*queue, command, answer);
    }
  }
  return taken;
}

void NvmeService::publish_all() {
  for (const auto& queue : completion_queues_) {
    if (queue == nullptr || !queue->take_news() || !queue->interrupts()) continue;
    doorbells_.queue(queue->id()).interrupts_sent.add(1);
    port_.interrupt(queue->vector());
  }
}

// --- Commands ---------------------------------------------------------------------------------

void NvmeService::execute(NvmeSubmissionQueue& queue, const Command& command) {
  Request& request = *free_;
  const Status status = request.parsed.parse(command, memory_, limits_);
  if (status != Status::success) {
    faults_.report("command {:#x} of queue {}: status {:#x}", command.opcode, queue.id(),
                   static_cast<unsigned>(status) & 0x7ff);
    return complete(queue, command, {.status = status});
  }
  free_ = request.next_free;
  request.queue = &queue;
  request.command = command;
  ++queue.in_flight;
  if (!take_tokens(request)) {
    held_ = &request;
    return;
  }
  submit(request);
}

bool NvmeService::take_tokens(const Request& request) {
  const std::uint64_t bytes = request.parsed.data.empty() ? 0 : request.parsed.range.length;
  const auto ready = traffic_.take(bytes, clock_);
  if (ready) tokens_timer_->arm(*ready);
  return !ready;
}

void NvmeService::submit(Request& request) {
  const NvmeRequest& parsed = request.parsed;
  request.operation = parsed.operation;
  request.force_unit_access = parsed.force_unit_access || !features_.write_cache();
  request.may_unmap = parsed.may_unmap;
  request.offset = parsed.range.offset;
  request.length = parsed.range.length;
  request.buffers = request.parsed.data;
  if (parsed.operation != DiskOperation::discard) return disk_queue_->submit(request);
  request.next_piece = 0;
  submit_piece(request);
}

void NvmeService::submit_piece(Request& request) {
  const auto& pieces = request.parsed.pieces;
  if (request.next_piece == pieces.size()) return finish(request, Status::success);
  const NvmeRequest::Piece& piece = pieces[request.next_piece++];
  request.offset = piece.offset;
  request.length = piece.length;
  request.buffers = {};
  disk_queue_->submit(request);
}

void NvmeService::on_disk_complete(DiskRequest& request) noexcept {
  if (&request == &final_flush_) {
    if (request.error != 0) report(request);
    if (state_ == State::finishing) state_ = State::quiet;
    return;
  }
  auto& own = static_cast<Request&>(request);
  if (state_ == State::stopping) return release(own);
  if (request.error != 0) {
    report(request);
    ++health_.media_errors;
    return finish(own, status_of(request));
  }
  if (request.operation == DiskOperation::discard) return submit_piece(own);
  if (request.operation == DiskOperation::read) {
    ++health_.reads;
    health_.bytes_read += own.parsed.range.length;
  } else if (request.operation == DiskOperation::write) {
    ++health_.writes;
    health_.bytes_written += own.parsed.range.length;
  }
  finish(own, Status::success);
}

void NvmeService::finish(Request& request, Status status) {
  complete(*request.queue, request.command, {.status = status});
  release(request);
}

void NvmeService::release(Request& request) {
  NvmeSubmissionQueue& queue = *request.queue;
  request.next_free = std::exchange(free_, &request);
  if (--queue.in_flight == 0 && queue.is_ending && state_ != State::stopping) end_queue(queue);
}

void NvmeService::complete(NvmeSubmissionQueue& queue, const Command& command,
                           const Answer& answer) {
  if (answer.status != Status::success) events_.add_error(queue.id(), command, answer.status);
  queue.completions().post({.result = answer.result,
                            .reserved = 0,
                            .sq_head = queue.head(),
                            .sq_id = queue.id(),
                            .cid = command.cid,
                            .status = static_cast<std::uint16_t>(answer.status)});
}

void NvmeService::report(const DiskRequest& request) {
  if (!error_lines_.try_take(1, clock_.monotonic())) return;
  log_warning("{}: operation {} of {} bytes at {} failed: {}", options_.name,
              static_cast<int>(request.operation), request.length, request.offset,
              std::generic_category().message(request.error));
}

}  // namespace skiff
