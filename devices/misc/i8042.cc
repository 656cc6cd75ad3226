#include "devices/misc/i8042.h"

#include <utility>

#include "devices/misc/i8042_regs.h"

namespace skiff {

using namespace i8042;

I8042::I8042(std::string name, std::function<void()> reset_machine)
    : name_(std::move(name)), reset_machine_(std::move(reset_machine)), faults_(name_) {}

bool I8042::check(IoAccess access, IoStatus& status) {
  status = IoStatus::ok;
  if (access.offset != kDataPort && access.offset != kCommandPort) {
    status = IoStatus::no_such_register;
  } else if (access.width != 1) {
    status = IoStatus::bad_width;
    faults_.report("access of {} bytes to an 8-bit port", access.width);
  }
  return status == IoStatus::ok;
}

IoStatus I8042::read(IoAccess access, std::uint64_t& value) {
  IoStatus status;
  if (!check(access, status)) return status;
  MutexLock lock(mutex_);
  value = access.offset == kDataPort ? read_data() : status_register();
  return IoStatus::ok;
}

IoStatus I8042::write(IoAccess access, std::uint64_t value) {
  IoStatus status;
  if (!check(access, status)) return status;
  const auto byte = static_cast<std::uint8_t>(value);
  bool reset_wanted = false;
  {
    MutexLock lock(mutex_);
    state_.last_was_command = access.offset == kCommandPort;
    reset_wanted = state_.last_was_command ? command(byte) : data(byte);
  }
  if (reset_wanted && reset_machine_) reset_machine_();
  return IoStatus::ok;
}

std::uint8_t I8042::status_register() const {
  unsigned status = kStatusEnabled | (state_.ram[0] & kConfigSystem);  // the bit is at one place
  if (state_.output_full) status |= kStatusObf;
  if (state_.output_full && state_.output_from_aux) status |= kStatusAuxObf;
  if (state_.timeout) status |= kStatusTimeout;
  if (state_.last_was_command) status |= kStatusCommand;
  return static_cast<std::uint8_t>(status);
}

// An empty output buffer gives its last byte again, as the chip does.
std::uint8_t I8042::read_data() {
  state_.output_full = false;
  state_.output_from_aux = false;
  state_.timeout = false;
  return state_.output_buffer;
}

void I8042::answer(std::uint8_t byte) {
  state_.output_buffer = byte;
  state_.output_full = true;
  state_.output_from_aux = false;
  state_.timeout = false;
}

void I8042::answer_timeout(bool aux) {
  answer(kResend);
  state_.output_from_aux = aux;
  state_.timeout = true;
}

bool I8042::command(std::uint8_t command) {
  state_.pending_command = 0;
  auto& config = state_.ram[0];
  const auto set = [&config](std::uint8_t bits) { config |= bits; };
  const auto clear = [&config](std::uint8_t bits) {
    config = static_cast<std::uint8_t>(config & ~bits);
  };
  if (command >= kPulseOutputPort) return (command & kOutputNoReset) == 0;
  if ((command & 0xe0) == kReadRam) {
    answer(state_.ram[command & 0x1f]);
    return false;
  }
  if ((command & 0xe0) == kWriteRam) {
    state_.pending_command = command;
    return false;
  }
  switch (command) {
    case kDisableAux:
      set(kConfigAuxDisabled);
      break;
    case kEnableAux:
      clear(kConfigAuxDisabled);
      break;
    case kDisableKeyboard:
      set(kConfigKeyboardDisabled);
      break;
    case kEnableKeyboard:
      clear(kConfigKeyboardDisabled);
      break;
    case kTestAux:
    case kTestKeyboard:
      answer(kClockLineLow);
      break;
    case kSelfTest:
      set(kConfigSystem);
      answer(kSelfTestPassed);
      break;
    case kReadInputPort:
      answer(kInputPortUnlocked);
      break;
    case kReadOutputPort:
      answer(state_.output_port);
      break;
    case kReadTestInputs:
      answer(0);
      break;
    case kWriteOutputPort:
    case kWriteKeyboardBuffer:
    case kWriteAux:
      state_.pending_command = command;
      break;
    default:
      faults_.report("unknown command {:#04x}", command);
      break;
  }
  return false;
}

bool I8042::data(std::uint8_t byte) {
  const std::uint8_t command = std::exchange(state_.pending_command, std::uint8_t{0});
  if ((command & 0xe0) == kWriteRam) {
    state_.ram[command & 0x1f] = byte;
    return false;
  }
  switch (command) {
    case kWriteOutputPort:
      // The reset line is a pulse: the machine that comes up again finds it released.
      state_.output_port = byte | kOutputNoReset;
      return (byte & kOutputNoReset) == 0;
    case kWriteKeyboardBuffer:
      answer(byte);
      return false;
    default:
      answer_timeout(command == kWriteAux);
      return false;
  }
}

I8042::State I8042::state() const {
  MutexLock lock(mutex_);
  return state_;
}

void I8042::restore(const State& state) {
  MutexLock lock(mutex_);
  state_ = state;
}

std::string_view I8042::register_name(std::uint64_t offset, bool is_write) const {
  if (offset == kDataPort) return "DATA";
  if (offset == kCommandPort) return is_write ? "COMMAND" : "STATUS";
  return {};
}

}  // namespace skiff
