#include "devices/ide/ide_channel.h"

#include <algorithm>
#include <utility>

#include "devices/ide/ata_drive.h"
#include "devices/ide/atapi_drive.h"

namespace skiff {
namespace {

// The value of DD7 on a cable without a device is pulled down, that of the others up (ATA-6, 4.3).
constexpr std::uint8_t kFloating = 0x7f;

AtaIdentity identity_of(const AtaMedia& media, const std::string& serial, bool is_second) {
  const DiskInfo& info = media.disk().info();
  const std::uint64_t sectors = media.disk().capacity() / ata::kSectorSize;
  return {.serial = serial.empty() ? std::string(media.name()) : serial,
          .sectors = sectors,
          .geometry = ata_default_geometry(sectors),
          .physical_block = info.physical_block_size,
          .can_trim = info.can_discard && !info.read_only,
          .is_second = is_second};
}

std::unique_ptr<IdeDrive> make_drive(const IdeChannel::DriveConfig& config, bool is_second) {
  const AtaMedia& media = *config.media;
  AtaIdentity identity = identity_of(media, config.serial, is_second);
  if (config.is_cdrom) return std::make_unique<AtapiDrive>(std::move(identity));
  return std::make_unique<AtaDrive>(std::move(identity), media.disk().info().read_only);
}

}  // namespace

IdeChannel::IdeChannel(std::string name, const std::vector<DriveConfig>& drives,
                       const GuestMemory& memory, IrqSink* irq, std::function<bool()> may_master)
    : name_(std::move(name)),
      memory_(memory),
      may_master_(std::move(may_master)),
      buffer_(std::make_unique<std::byte[]>(std::size_t{kBufferSectors} * ata::kSectorSize)),
      irq_(irq) {
  MutexLock lock(mutex_);
  for (std::size_t i = 0; i < drives.size() && i < kMostDrives; ++i) {
    AtaMedia& media = *drives[i].media;
    drives_[i].emplace(Drive{.media = &media, .ata = make_drive(drives[i], i != 0)});
    media.set_client(*this);
  }
}

IdeChannel::~IdeChannel() {
  shut_down();
}

void IdeChannel::shut_down() {
  std::vector<AtaMedia*> media;
  {
    MutexLock lock(mutex_);
    is_closing_ = true;
    for (const auto& drive : drives_)
      if (drive) media.push_back(drive->media);
  }
  for (AtaMedia* const each : media)
    each->stop();
}

IdeChannel::Counts IdeChannel::counts(std::size_t drive) const {
  const Counters& counters = counters_.at(drive);
  return {.commands = counters.commands.load(std::memory_order_relaxed),
          .interrupts = counters.interrupts.load(std::memory_order_relaxed)};
}

// --- What follows from the state --------------------------------------------------------------

IdeChannel::Drive* IdeChannel::selected() {
  auto& drive = drives_[selected_];
  return drive ? &*drive : nullptr;
}

const IdeChannel::Drive* IdeChannel::selected() const {
  const auto& drive = drives_[selected_];
  return drive ? &*drive : nullptr;
}

bool IdeChannel::is_in_reset() const {
  return (control_ & ata::kSrst) != 0 || reset_pending_ != Reset::none;
}

// 9.16.2: device 0 answers for a device 1 that is not there, with zeros.
std::uint8_t IdeChannel::status() const {
  if (const Drive* const drive = selected()) return drive->ata->state().status;
  return drives_[0] ? 0 : kFloating;
}

bool IdeChannel::intrq() const {
  const Drive* const drive = selected();
  return drive != nullptr && drive->ata->state().interrupt && (control_ & ata::kNien) == 0;
}

// The last thing under the mutex.
IdeChannel::Act IdeChannel::settle() {
  const bool is_intrq = intrq();
  if (is_intrq && !was_intrq_) {
    bus_master_.set_interrupt();
    counters_[selected_].interrupts.fetch_add(1, std::memory_order_relaxed);
  }
  was_intrq_ = is_intrq;
  return std::exchange(next_act_, {});
}

void IdeChannel::act(const Act& todo) {
  irq_.sync([this] {
    MutexLock lock(mutex_);
    return intrq();
  });
  if (todo.media != nullptr) todo.media->start(todo.job);
}

// --- Resets -----------------------------------------------------------------------------------

void IdeChannel::write_control(std::uint8_t value) {
  const bool was_srst = (control_ & ata::kSrst) != 0;
  const bool is_srst = (value & ata::kSrst) != 0;
  control_ = value & (ata::kHob | ata::kSrst | ata::kNien);
  if (is_srst && !was_srst) {
    for (auto& drive : drives_) {
      if (!drive) continue;
      drive->ata->state().status = ata::kBsy;
      drive->ata->state().interrupt = false;
    }
    if (!in_flight_) transfer_ = {};
  } else if (!is_srst && was_srst) {
    if (in_flight_) {
      reset_pending_ = std::max(reset_pending_, Reset::software);
    } else {
      reset_drives();
    }
  }
}

void IdeChannel::reset_drives() {
  transfer_ = {};
  selected_ = 0;
  const bool is_hard = std::exchange(reset_pending_, Reset::none) == Reset::hardware;
  for (auto& drive : drives_) {
    if (!drive) continue;
    if (is_hard) {
      drive->ata->power_on();
    } else {
      drive->ata->reset();
    }
  }
}

void IdeChannel::hardware_reset() {
  Act todo;
  {
    MutexLock lock(mutex_);
    control_ = 0;
    reset_pending_ = Reset::hardware;
    bus_master_ = {};
    stop_wanted_ = false;
    if (in_flight_) {
      for (auto& drive : drives_)
        if (drive) drive->ata->state() = {.status = ata::kBsy};
    } else {
      reset_drives();
    }
    todo = settle();
  }
  act(todo);
}

// --- The command block ------------------------------------------------------------------------

std::uint8_t IdeChannel::read_register(std::uint64_t offset) {
  if (offset == ata::kStatus) {
    if (Drive* const drive = selected()) drive->ata->state().interrupt = false;
    return status();
  }
  const Drive* drive = selected();
  if (drive == nullptr && drives_[0]) drive = &*drives_[0];
  if (drive == nullptr) return kFloating;
  const AtaDrive::State& state = drive->ata->state();
  if (offset == ata::kError) return state.error;
  if (offset == ata::kDevice) {
    return static_cast<std::uint8_t>((state.task.device & ~ata::kDev) |
                                     (selected_ != 0 ? ata::kDev : 0) | ata::kDeviceObsolete);
  }
  return state.task.byte(offset)->read((control_ & ata::kHob) != 0);
}

// Both devices of a cable take every write; DEV says whose command it is (7.1).
void IdeChannel::write_register(std::uint64_t offset, std::uint8_t value) {
  if (offset == ata::kCommand) return write_command(value);
  if (is_in_reset() || (status() & ata::kBsy) != 0) return;
  control_ &= static_cast<std::uint8_t>(~ata::kHob);
  if (offset == ata::kDevice) selected_ = (value & ata::kDev) != 0 ? 1 : 0;
  for (auto& drive : drives_) {
    if (!drive) continue;
    AtaTaskFile& task = drive->ata->state().task;
    if (offset == ata::kDevice) {
      task.device = value;
    } else {
      task.byte(offset)->write(value);
    }
  }
  if (offset == ata::kDevice) go_on_dma();
}

void IdeChannel::write_command(std::uint8_t command) {
  if (is_in_reset() || in_flight_ || is_closing_) return;
  control_ &= static_cast<std::uint8_t>(~ata::kHob);
  if (command == ata::kExecuteDiagnostic && drives_[0]) selected_ = 0;  // for both, whoever DEV is
  Drive* const drive = selected();
  if (drive == nullptr) return;
  // Whose data nobody has fetched: that command is over.
  if (transfer_.action != AtaAction::none) transferring().ata->ready();
  transfer_ = {};
  counters_[selected_].commands.fetch_add(1, std::memory_order_relaxed);
  const AtaPlan plan = drive->ata->execute(command);
  if (plan.action == AtaAction::diagnostic) {
    reset_drives();
    drives_[0]->ata->complete();
  } else if (plan.action != AtaAction::none) {
    begin(plan);
  }
}

}  // namespace skiff
