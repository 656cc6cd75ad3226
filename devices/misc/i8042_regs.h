// The keyboard controller of the PC: IBM Personal System/2 Hardware Interface Technical Reference
// (1988), "Keyboard and Auxiliary Device Controller".
#pragma once

#include <cstdint>

namespace skiff::i8042 {

// Offsets from port 0x60.
inline constexpr std::uint64_t kDataPort = 0;
inline constexpr std::uint64_t kCommandPort = 4;  // read: status

// Status register.
inline constexpr std::uint8_t kStatusObf = 0x01;      // output buffer full
inline constexpr std::uint8_t kStatusSystem = 0x04;   // the self test has passed
inline constexpr std::uint8_t kStatusCommand = 0x08;  // the last write was to the command port
inline constexpr std::uint8_t kStatusEnabled = 0x10;  // the keyboard lock is open
inline constexpr std::uint8_t kStatusAuxObf = 0x20;   // ... with a byte of the auxiliary device
inline constexpr std::uint8_t kStatusTimeout = 0x40;

// Commands.
inline constexpr std::uint8_t kReadRam = 0x20;  // to 0x3f; byte 0 is the controller's configuration
inline constexpr std::uint8_t kWriteRam = 0x60;  // to 0x7f
inline constexpr std::uint8_t kDisableAux = 0xa7;
inline constexpr std::uint8_t kEnableAux = 0xa8;
inline constexpr std::uint8_t kTestAux = 0xa9;
inline constexpr std::uint8_t kSelfTest = 0xaa;
inline constexpr std::uint8_t kTestKeyboard = 0xab;
inline constexpr std::uint8_t kDisableKeyboard = 0xad;
inline constexpr std::uint8_t kEnableKeyboard = 0xae;
inline constexpr std::uint8_t kReadInputPort = 0xc0;
inline constexpr std::uint8_t kReadOutputPort = 0xd0;
inline constexpr std::uint8_t kWriteOutputPort = 0xd1;
inline constexpr std::uint8_t kWriteKeyboardBuffer = 0xd2;
inline constexpr std::uint8_t kWriteAux = 0xd4;
inline constexpr std::uint8_t kReadTestInputs = 0xe0;
inline constexpr std::uint8_t kPulseOutputPort = 0xf0;  // to 0xff; a 0 bit pulses its line

// Configuration byte.
inline constexpr std::uint8_t kConfigSystem = 0x04;
inline constexpr std::uint8_t kConfigKeyboardDisabled = 0x10;
inline constexpr std::uint8_t kConfigAuxDisabled = 0x20;
// Output port.
inline constexpr std::uint8_t kOutputNoReset = 0x01;  // low: the processor is held in reset
inline constexpr std::uint8_t kOutputA20 = 0x02;
// Answers.
inline constexpr std::uint8_t kSelfTestPassed = 0x55;
inline constexpr std::uint8_t kClockLineLow =
    0x01;  // of 0xa9 and 0xab: nothing there to pull it up
inline constexpr std::uint8_t kInputPortUnlocked = 0x80;
inline constexpr std::uint8_t kResend = 0xfe;  // with kStatusTimeout: the device does not answer

}  // namespace skiff::i8042
