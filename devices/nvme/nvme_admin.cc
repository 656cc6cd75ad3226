// Admin commands (5).
#include <algorithm>

#include "devices/nvme/nvme_prp.h"
#include "devices/nvme/nvme_service.h"

namespace skiff {

using namespace nvme;

namespace {

constexpr std::uint32_t kPhysicallyContiguous = 1;  // dword 11
constexpr std::uint32_t kInterruptsEnabled = 2;
constexpr std::uint32_t kRetainEvent = 1U << 15;  // dword 10

bool is_page(std::uint64_t address) {
  return address % kMemoryPage == 0;
}

}  // namespace

NvmeService::Answer NvmeService::execute_admin(const Command& command) {
  if (command.flags != 0) return {.status = Status::invalid_field};
  switch (command.opcode) {
    case kDeleteSq:
      return delete_sq(command);
    case kCreateSq:
      return create_sq(command);
    case kGetLogPage:
      return get_log_page(command);
    case kDeleteCq:
      return delete_cq(command);
    case kCreateCq:
      return create_cq(command);
    case kIdentify:
      return identify(command);
    case kAbort:
      return abort(command);
    case kSetFeatures: {
      const auto io_queues = std::span(completion_queues_).subspan(1);
      const bool has_queues =
          std::ranges::any_of(io_queues, [](const auto& queue) { return queue != nullptr; });
      Answer answer;
      answer.status = features_.set(command, has_queues, answer.result);
      return answer;
    }
    case kGetFeatures: {
      Answer answer;
      answer.status = features_.get(command, answer.result);
      return answer;
    }
    case kAsyncEvent:
      return hold_event_request(command);
    case kDoorbellBuffer:
      return set_doorbell_buffer(command);
    default:  // KEEP ALIVE (KAS is 0), FORMAT NVM and all that OACS does not offer
      return {.status = Status::invalid_opcode};
  }
}

// --- Queues (5.3 to 5.6) ------------------------------------------------------------------------

NvmeService::Answer NvmeService::create_cq(const Command& command) {
  const std::uint32_t id = command.dw10 & 0xffff;
  const std::uint32_t size = (command.dw10 >> 16) + 1;
  const std::uint32_t vector = command.dw11 >> 16;
  if (!is_queue_id(id) || completion_queues_[id] != nullptr)
    return {.status = Status::invalid_queue_id};
  if (size < 2 || size > kMaxQueueEntries) return {.status = Status::invalid_queue_size};
  if ((command.dw11 & kPhysicallyContiguous) == 0) return {.status = Status::invalid_field};
  if (vector >= doorbells_.queues()) return {.status = Status::invalid_vector};
  if (!is_page(command.prp1)) return {.status = Status::invalid_prp_offset};
  const auto ring = memory_.slice(GuestAddress(command.prp1), size * sizeof(Completion));
  if (!ring) return {.status = Status::invalid_field};
  completion_queues_[id] = std::make_unique<NvmeCompletionQueue>(
      static_cast<std::uint16_t>(id), *ring, size, static_cast<std::uint16_t>(vector),
      (command.dw11 & kInterruptsEnabled) != 0, doorbells_.queue(id));
  give_shadow(*completion_queues_[id]);
  return {};
}

NvmeService::Answer NvmeService::create_sq(const Command& command) {
  const std::uint32_t id = command.dw10 & 0xffff;
  const std::uint32_t size = (command.dw10 >> 16) + 1;
  const std::uint32_t cq = command.dw11 >> 16;
  if (!is_queue_id(id) || submission_queues_[id] != nullptr)
    return {.status = Status::invalid_queue_id};
  if (!is_queue_id(cq) || completion_queues_[cq] == nullptr) {
    return {.status = Status::completion_queue_invalid};
  }
  if (size < 2 || size > kMaxQueueEntries) return {.status = Status::invalid_queue_size};
  if ((command.dw11 & kPhysicallyContiguous) == 0) return {.status = Status::invalid_field};
  if (!is_page(command.prp1)) return {.status = Status::invalid_prp_offset};
  const auto ring = memory_.slice(GuestAddress(command.prp1), size * sizeof(Command));
  if (!ring) return {.status = Status::invalid_field};
  submission_queues_[id] = std::make_unique<NvmeSubmissionQueue>(
      static_cast<std::uint16_t>(id), *ring, size, *completion_queues_[cq], doorbells_.queue(id));
  give_shadow(*submission_queues_[id]);
  return {};
}

// Commands it has not taken are gone with the queue; those under way end first, each with its own
// completion.
NvmeService::Answer NvmeService::delete_sq(const Command& command) {
  const std::uint32_t id = command.dw10 & 0xffff;
  if (!is_queue_id(id) || submission_queues_[id] == nullptr)
    return {.status = Status::invalid_queue_id};
  NvmeSubmissionQueue& queue = *submission_queues_[id];
  if (queue.is_ending) return {.status = Status::invalid_queue_id};
  queue.is_ending = true;
  queue.end_cid = command.cid;
  if (queue.in_flight == 0) end_queue(queue);
  return {.is_later = true};
}

void NvmeService::end_queue(NvmeSubmissionQueue& queue) {
  if (queue.shadow().value != nullptr) port_.close_doorbell(queue.id());
  Command command;
  command.cid = queue.end_cid;
  submission_queues_[queue.id()].reset();
  complete(*submission_queues_[0], command, {});
}

NvmeService::Answer NvmeService::delete_cq(const Command& command) {
  const std::uint32_t id = command.dw10 & 0xffff;
  if (!is_queue_id(id) || completion_queues_[id] == nullptr)
    return {.status = Status::invalid_queue_id};
  if (completion_queues_[id]->users() != 0) return {.status = Status::invalid_queue_deletion};
  completion_queues_[id].reset();
  port_.settle_wire();
  return {};
}

// --- Shadow doorbells (5.7, annex B.5) ----------------------------------------------------------

NvmeService::Answer NvmeService::set_doorbell_buffer(const Command& command) {
  if (!options_.shadow_doorbells) return {.status = Status::invalid_opcode};
  // The level of INTx follows the registers, which the driver then would not always write.
  if (port_.uses_wire()) return {.status = Status::invalid_field};
  if (!is_page(command.prp1) || !is_page(command.prp2)) return {.status = Status::invalid_field};
  const auto values = memory_.slice(GuestAddress(command.prp1), kMemoryPage);
  const auto events = memory_.slice(GuestAddress(command.prp2), kMemoryPage);
  if (!values || !events) return {.status = Status::invalid_field};
  shadow_values_ = *values;
  shadow_events_ = *events;
  for (const auto& queue : completion_queues_)
    if (queue != nullptr) give_shadow(*queue);
  for (const auto& queue : submission_queues_)
    if (queue != nullptr) give_shadow(*queue);
  return {};
}

// As in the doorbells' registers, each the stride of one (CAP.DSTRD = 0) behind the one before.
NvmeShadow NvmeService::shadow_at(std::size_t index) const {
  const std::size_t offset = index * sizeof(std::uint32_t);
  return {reinterpret_cast<std::uint32_t*>(shadow_values_.data() + offset),
          reinterpret_cast<std::uint32_t*>(shadow_events_.data() + offset)};
}

void NvmeService::give_shadow(NvmeSubmissionQueue& queue) {
  static_assert((NvmeOptions::kMaxQueues + 1) * 2 * sizeof(std::uint32_t) <= kMemoryPage);
  if (shadow_values_.empty() || queue.id() == 0) return;
  const bool had_shadow = queue.shadow().value != nullptr;
  queue.use_shadow(shadow_at(std::size_t{2} * queue.id()));
  if (!had_shadow) port_.open_doorbell(queue.id());
}

void NvmeService::give_shadow(NvmeCompletionQueue& queue) const {
  if (shadow_values_.empty() || queue.id() == 0) return;
  queue.use_shadow(shadow_at(std::size_t{2} * queue.id() + 1));
}

// --- Data to the driver -------------------------------------------------------------------------

// `length`: as much as the driver asked for; what is beyond `data` is left alone.
Status NvmeService::send(const Command& command, std::span<const std::byte> data,
                         std::uint64_t length) {
  const Status status = map_prps(memory_, command.prp1, command.prp2, length, scratch_);
  if (status == Status::success) copy_to(scratch_, data);
  return status;
}

NvmeService::Answer NvmeService::identify(const Command& command) {
  const auto answer = [&](const NvmePage& page) -> Answer {
    return {.status = send(command, page, page.size())};
  };
  switch (command.dw10 & 0xff) {
    case 0x00:
      if (command.nsid != kNamespace) return {.status = Status::invalid_namespace};
      return answer(identify_namespace(identity_, disk_->capacity()));
    case 0x01:
      return answer(identify_controller(identity_));
    case 0x02:
      if (command.nsid >= kAllNamespaces - 1) return {.status = Status::invalid_namespace};
      return answer(namespace_list(command.nsid));
    case 0x03:
      if (command.nsid != kNamespace) return {.status = Status::invalid_namespace};
      return answer(identify_descriptors(identity_));
    default:
      return {.status = Status::invalid_field};
  }
}

NvmeService::Answer NvmeService::get_log_page(const Command& command) {
  const auto id = static_cast<std::uint8_t>(command.dw10);
  const std::uint64_t dwords =
      (std::uint64_t{command.dw11 & 0xffff} << 16 | command.dw10 >> 16) + 1;
  const std::uint64_t offset = std::uint64_t{command.dw13} << 32 | command.dw12;
  NvmePage page;
  std::size_t size = 512;
  switch (id) {
    case kLogErrors:
      page = events_.error_log();
      size = NvmeEvents::kErrorEntries * 64;
      break;
    case kLogHealth:
      health_.error_entries = events_.errors();
      page = health_log(health_);
      break;
    case kLogFirmware:
      page = firmware_log();
      break;
    case kLogChangedNamespaces:
      page = namespace_list(events_.namespace_changed() ? 0 : kNamespace);
      size = page.size();
      break;
    default:
      return {.status = Status::invalid_log_page};
  }
  if (offset % 4 != 0 || offset > size) return {.status = Status::invalid_field};
  const auto rest = std::span<const std::byte>(page).first(size).subspan(offset);
  const Status status = send(command, rest, dwords * 4);
  if (status == Status::success && (command.dw10 & kRetainEvent) == 0) events_.on_log_read(id);
  return {.status = status};
}

// --- Events (5.1, 5.2) --------------------------------------------------------------------------

// What is with the disk is not taken back: 1, "not aborted".
NvmeService::Answer NvmeService::abort(const Command& command) {
  const std::uint32_t queue = command.dw10 & 0xffff;
  NvmeSubmissionQueue& admin = *submission_queues_[0];
  if (queue != 0 || !admin.completions().has_room()) return {.result = 1};
  Command aborted;
  aborted.cid = static_cast<std::uint16_t>(command.dw10 >> 16);
  if (!events_.abort(aborted.cid)) return {.result = 1};
  admin.completions().reserve();
  complete(admin, aborted, {.status = Status::abort_requested});
  return {};
}

NvmeService::Answer NvmeService::hold_event_request(const Command& command) {
  if (!events_.hold(command.cid)) return {.status = Status::too_many_async_events};
  submission_queues_[0]->completions().give_back();
  return {.is_later = true};
}

void NvmeService::answer_events() {
  NvmeSubmissionQueue& admin = *submission_queues_[0];
  while (events_.has_answer()) {
    if (!admin.completions().reserve()) {
      waits_for_room_ = true;
      return;
    }
    const NvmeEvents::Answer answer = *events_.take();
    Command command;
    command.cid = answer.cid;
    complete(admin, command, {.result = answer.result});
  }
}

}  // namespace skiff
