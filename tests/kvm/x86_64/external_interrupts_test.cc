// Interrupt controllers in Skiff and a vCPU's thread: interrupts that other threads raise while the
// guest runs, sleeps or stands still. No wake-up may be lost, however the two meet.
#include <array>
#include <memory>
#include <thread>

#include "devices/intc/ioapic.h"
#include "devices/intc/ioapic_regs.h"
#include "devices/intc/pic_pair.h"
#include "devices/intc/pic_regs.h"
#include "tests/fakes/register_access.h"
#include "tests/kvm/x86_64/vcpu_loops.h"
#include "tests/kvm/x86_64/watchdog.h"
#include "vmm/board/x86_64/intr_wire.h"
#include "vmm/kvm/kvm_irq.h"
#include "vmm/kvm/x86_64/vm_arch.h"

// Switches its local APIC on (nobody's address where there is none), tells port 0x80 that it is
// ready, and sleeps with interrupts on. The handlers at +64 (of the
// 8259) and +96 (of the IOAPIC) tell it of each interrupt and end it; that at +128 (NMI) stays.
SKIFF_GUEST_CODE(sleeping, R"(
    movl $0x1ff, 0xf0(%rdi)
    out %al, $0x80
    sti
1:  hlt
    jmp 1b
    .balign 64
    push %rax
    out %al, $0x81
    mov $0x20, %al
    out %al, $0x20
    pop %rax
    iretq
    .balign 32
    out %al, $0x81
    movl $0, 0xb0(%rdi)
    iretq
    .balign 32
    out %al, $0x82
    iretq
)");
// The same, but it never sleeps.
SKIFF_GUEST_CODE(spinning, R"(
    out %al, $0x80
    sti
1:  jmp 1b
)");
// Sleeps with interrupts off.
SKIFF_GUEST_CODE(deaf, R"(
    out %al, $0x80
    cli
    hlt
    out %al, $0x83
1:  hlt
    jmp 1b
)");

namespace skiff {
namespace {

constexpr std::uint8_t kPicVector = 0x24;  // IRQ 4
constexpr std::uint8_t kIoapicVector = 0x35;
constexpr int kRounds = 3'000;
constexpr int kFewRounds = 300;  // a guest that runs is slow to come out where it is interpreted

// A device whose line is up while an interrupt of it has not been heard of.
class Wire final : public IoDevice {
 public:
  explicit Wire(IrqSink& pin) : line_(&pin) {}
  std::string_view name() const override { return "wire"; }
  IoStatus read(IoAccess, std::uint64_t&) override { return IoStatus::no_such_register; }
  IoStatus write(IoAccess, std::uint64_t) override {
    wants_ = false;
    sync();
    ++heard;
    return IoStatus::ok;
  }
  void ask() {
    wants_ = true;
    sync();
  }
  std::atomic<int> heard{0};

 private:
  void sync() {
    line_.sync([this] { return wants_.load(); });
  }
  std::atomic<bool> wants_{false};
  IrqLine line_;
};

class ExternalInterrupts : public VcpuThreadTest, protected IoapicOutput {
 protected:
  void SetUp() override {
    VcpuThreadTest::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(ports_.add({0x20, 2}, pic_, pic::kMaster));
    ASSERT_TRUE(ports_.add({0x81, 1}, wire_));
    ASSERT_TRUE(ports_.add({0x82, 1}, nmis_));
    ASSERT_TRUE(ports_.add({0x83, 1}, awake_));
    write_register(pic_, 0, 0x11);
    for (const unsigned word : {0x20U, 0x04U, 0x01U, 0xefU})
      write_register(pic_, 1, word);
    set_gate(kPicVector, kCode + 64);
    set_gate(kIoapicVector, kCode + 96);
    set_gate(2, kCode + 128);
  }
  void split() {
    create_split_irqchip(*vm_, kIoapicPins);
    routes_.emplace(*vm_, kIoapicPins, max_irq_routes(*system_), KvmMsiRoutes::Pins::skiff);
  }
  void send(const MsiMessage& message) noexcept override {
    if (routes_) routes_->send(message);
  }
  void expect_eoi(unsigned pin, const MsiMessage& message) noexcept override {
    if (routes_ && !routes_->set_pin_message(pin, message)) ADD_FAILURE() << "no route";
  }
  void start(std::span<const std::byte> code) {
    // The handlers stand behind the sleeper's code, whichever program runs before them.
    ASSERT_TRUE(memory_->write(GuestAddress(kCode), SKIFF_GUEST_BYTES(sleeping)));
    auto cpu = vcpu(code);
    if (auto state = get_vcpu_state(*cpu)) {
      state->rdi = 0xfee0'0000;
      set_vcpu_state(*cpu, *state);
    }
    thread_ = std::make_unique<VcpuThread>(
        std::move(cpu), ports_, mmio_, [this](VcpuThread&, const VcpuExit&) { ++ends_; },
        ProcessorInterrupts{.external = &intr_, .end_of_interrupt = &ioapic_});
    thread_->start();
    wait_until([this] { return counter_.count == 1 || ends_ != 0; });
    ASSERT_EQ(ends_, 0);
  }
  void ask_again_and_again(Wire& wire, int rounds = kRounds) {
    for (int i = 0; i < rounds; ++i) {
      wire.ask();
      wait_until([&] { return wire.heard > i || ends_ != 0; });
      ASSERT_EQ(ends_, 0);
    }
    EXPECT_EQ(pic_.spurious(), 0U);
  }
  // Requests without end would leave the vCPU's thread no moment to see that it may run.
  static void let_it_run() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }
  void TearDown() override { thread_.reset(); }

  const Watchdog watchdog_{"an interrupt"};
  std::optional<KvmMsiRoutes> routes_;
  IntrWire intr_{pic_};
  PicPair pic_{"pic", &intr_};
  Ioapic ioapic_{"ioapic", *this};
  Wire wire_{pic_.pin(4)};
  CountingDevice nmis_;
  CountingDevice awake_;
  std::unique_ptr<VcpuThread> thread_;
};

TEST_F(ExternalInterrupts, UserWakesASleepingGuest) {
  start(SKIFF_GUEST_BYTES(sleeping));
  ask_again_and_again(wire_);
}

TEST_F(ExternalInterrupts, UserInterruptsARunningGuest) {
  start(SKIFF_GUEST_BYTES(spinning));
  ask_again_and_again(wire_, kFewRounds);
}

TEST_F(ExternalInterrupts, SplitWakesASleepingGuest) {
  split();
  start(SKIFF_GUEST_BYTES(sleeping));
  ask_again_and_again(wire_);
}

TEST_F(ExternalInterrupts, SplitInterruptsARunningGuest) {
  split();
  start(SKIFF_GUEST_BYTES(spinning));
  ask_again_and_again(wire_, kFewRounds);
}

// The guest's EOI comes out of the kernel, or the second interrupt never comes.
TEST_F(ExternalInterrupts, SplitRepeatsALevelAfterItsEoi) {
  split();
  Wire level(ioapic_.pin(10));
  ASSERT_TRUE(ports_.remove(0x81, wire_));
  ASSERT_TRUE(ports_.add({0x81, 1}, level));
  write_register(pic_, 1, 0xff);
  start(SKIFF_GUEST_BYTES(sleeping));
  write_register(ioapic_, ioapic::kIoRegSel, ioapic::kRedirection + 20, 4);
  write_register(ioapic_, ioapic::kIoWin, 0x8000U | kIoapicVector, 4);
  ask_again_and_again(level);
  thread_.reset();  // before the device that it writes to
}

TEST_F(ExternalInterrupts, APauseEndsTheHaltForAMomentOnly) {
  start(SKIFF_GUEST_BYTES(sleeping));
  for (int i = 0; i < 200; ++i) {
    thread_->request(Request::pause);
    thread_->wait_until_parked();
    if (i % 2 == 0) wire_.ask();
    thread_->request(Request::run);
    if (i % 2 == 0) wait_until([&] { return wire_.heard > i / 2; });
  }
  // It sleeps again, and is seen to.
  bool is_halted = false;
  while (!is_halted) {
    thread_->request(Request::pause);
    thread_->wait_until_parked();
    is_halted = thread_->is_halted();
    thread_->request(Request::run);
    let_it_run();
  }
  EXPECT_EQ(wire_.heard, 100);
}

TEST_F(ExternalInterrupts, AStopEndsAHaltThatNothingElseWould) {
  start(SKIFF_GUEST_BYTES(deaf));
  wire_.ask();
  thread_->request(Request::pause);
  thread_->wait_until_parked();
  thread_->request(Request::run);
  EXPECT_EQ(wire_.heard, 0) << "its interrupts are off";
  thread_->request(Request::stop);
  thread_->join();
  EXPECT_EQ(awake_.count, 0U);
}

TEST_F(ExternalInterrupts, AnNmiEndsAHaltWithInterruptsOff) {
  start(SKIFF_GUEST_BYTES(deaf));
  bool is_halted = false;
  while (!is_halted) {
    thread_->request(Request::pause);
    thread_->wait_until_parked();
    is_halted = thread_->is_halted();
    if (is_halted) {
      ASSERT_TRUE(inject_nmi(thread_->vcpu()));
    }
    thread_->request(Request::run);
    let_it_run();
  }
  thread_->end_halt();
  wait_until([this] { return awake_.count == 1 || ends_ != 0; });
  EXPECT_EQ(nmis_.count, 1U);
  EXPECT_EQ(awake_.count, 1U);
}

}  // namespace
}  // namespace skiff
