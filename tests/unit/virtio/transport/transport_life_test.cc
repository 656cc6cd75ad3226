// What both layouts share, through the registers of each.
#include <gtest/gtest.h>

#include "tests/unit/virtio/transport/transport_fixture.h"

namespace skiff::transport_test {
namespace {

using Reg = TransportRegister;

template <typename Driver>
class Transport : public ::testing::Test {
 protected:
  Driver driver_;
};

struct LayoutName {
  template <typename Driver>
  static std::string GetName(int) {
    return std::string(Driver::kName);
  }
};
using Layouts = ::testing::Types<MmioDriver, PciDriver>;
TYPED_TEST_SUITE(Transport, Layouts, LayoutName);

TYPED_TEST(Transport, OffersTheDevicesFeaturesAndTheRings) {
  // Bit 48 is not a device's to offer.
  EXPECT_EQ(this->driver_.offered_features(),
            3 | kFeatureVersion1 | kFeatureIndirectDesc | kFeatureEventIdx);
}

TYPED_TEST(Transport, RingFeaturesAreOptions) {
  TypeParam driver(TransportOptions{.event_idx = false, .packed = true});
  EXPECT_EQ(driver.offered_features(),
            3 | kFeatureVersion1 | kFeatureIndirectDesc | kFeatureRingPacked);
}

TYPED_TEST(Transport, FeatureWordsThatAreNotThereReadAsZero) {
  for (const std::uint32_t select : {2U, 3U, 32U, 0x8000'0000U, ~0U}) {
    this->driver_.put(Reg::device_feature_select, select);
    EXPECT_EQ(this->driver_.get(Reg::device_feature), 0U) << select;
    this->driver_.put(Reg::driver_feature_select, select);
    this->driver_.put(Reg::driver_feature, ~0U & 0xffff'ffff);
  }
  // Nothing of that was kept: the negotiation still succeeds.
  this->driver_.negotiate();
  EXPECT_EQ(this->driver_.status(), kNegotiated);
}

TYPED_TEST(Transport, FeaturesNotOfferedKeepFeaturesOkClear) {
  this->driver_.negotiate(kFeatureVersion1 | 4);
  EXPECT_EQ(this->driver_.status(), kAcknowledge | kDriver);
  // The driver may think again.
  this->driver_.choose_features(kFeatureVersion1 | 1);
  this->driver_.set_status(kNegotiated);
  EXPECT_EQ(this->driver_.status(), kNegotiated);
}

TYPED_TEST(Transport, WithoutVersion1FeaturesOkStaysClear) {
  this->driver_.negotiate(3);
  EXPECT_EQ(this->driver_.status(), kAcknowledge | kDriver);
}

TYPED_TEST(Transport, FeaturesAreFixedByFeaturesOk) {
  this->driver_.negotiate(kFeatureVersion1 | 1);
  this->driver_.choose_features(kFeatureVersion1 | 3);
  this->driver_.set_status(kRunning);
  EXPECT_EQ(this->driver_.device.negotiated(), kFeatureVersion1 | 1);
  EXPECT_GE(this->driver_.transport->faults(), 1U);
}

TYPED_TEST(Transport, AQueueThatIsNotThereReadsAsZeroAndSwallowsWrites) {
  this->driver_.negotiate();
  for (const std::uint32_t queue : {2U, 16U, 0x7fffU, 0xffffU}) {
    this->driver_.select(queue);
    this->driver_.put(Reg::queue_size, 4);
    this->driver_.put(Reg::queue_enable, 1);
    EXPECT_EQ(this->driver_.get(Reg::queue_enable), 0U) << queue;
  }
  this->driver_.set_status(kRunning);
  EXPECT_TRUE(this->driver_.device.active_queues().empty());
}

TYPED_TEST(Transport, QueuesAreWritableOnlyBetweenFeaturesOkAndDriverOk) {
  auto& driver = this->driver_;
  const QueueConfig config = DriverQueue(*driver.memory, GuestAddress(0x1000), 4).config();
  driver.set_status(kAcknowledge);
  driver.set_up_queue(0, config);
  EXPECT_EQ(driver.get(Reg::queue_enable), 0U) << "before FEATURES_OK";
  driver.set_status(0);
  driver.negotiate();
  driver.set_up_queue(0, config);
  EXPECT_EQ(driver.get(Reg::queue_enable), 1U);
  driver.put(Reg::queue_size, 2);  // enabled: too late
  driver.set_status(kRunning);
  driver.put(Reg::queue_enable, 0);
  EXPECT_EQ(driver.get(Reg::queue_enable), 1U) << "a running queue is not disabled";
  driver.set_up_queue(1, config);
  EXPECT_EQ(driver.get(Reg::queue_enable), 0U) << "after DRIVER_OK";
  EXPECT_EQ(driver.device.active_queues(), std::vector<std::uint16_t>{0});
}

TYPED_TEST(Transport, AnEnabledQueueIsDisabledBeforeDriverOk) {
  auto& driver = this->driver_;
  driver.negotiate();
  driver.set_up_queue(0, DriverQueue(*driver.memory, GuestAddress(0x1000), 4).config());
  driver.put(Reg::queue_enable, 0);
  EXPECT_EQ(driver.get(Reg::queue_enable), 0U);
  driver.put(Reg::queue_enable, 2);
  EXPECT_EQ(driver.get(Reg::queue_enable), 0U);
}

TYPED_TEST(Transport, DriverOkActivatesOnceWithTheEnabledQueues) {
  auto& driver = this->driver_;
  driver.start(kFeatureVersion1 | kFeatureEventIdx | 2);
  EXPECT_EQ(driver.status(), kRunning);
  EXPECT_EQ(driver.device.activations(), 1);
  EXPECT_EQ(driver.device.negotiated(), kFeatureVersion1 | kFeatureEventIdx | 2);
  EXPECT_EQ(driver.device.active_queues(), std::vector<std::uint16_t>{0});
  driver.set_status(kRunning);
  EXPECT_EQ(driver.device.activations(), 1);
  EXPECT_EQ(driver.transport->faults(), 0U);
}

TYPED_TEST(Transport, ARequestGoesThroughAndComesBackWithAnInterrupt) {
  this->driver_.start();
  EXPECT_TRUE(this->driver_.echo_works());
  EXPECT_TRUE(this->driver_.wire());
  EXPECT_EQ(this->driver_.acknowledge(), kIsrQueue);
  EXPECT_FALSE(this->driver_.wire());
  EXPECT_EQ(this->driver_.acknowledge(), 0);
}

TYPED_TEST(Transport, APackedRingWorksToo) {
  TypeParam driver(TransportOptions{.packed = true});
  driver.start(kFeatureVersion1 | kFeatureRingPacked);
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(driver.echo_works()) << i;
}

TYPED_TEST(Transport, NotificationsComeByDoorbellAndByWrite) {
  auto& driver = this->driver_;
  driver.start();
  EXPECT_EQ(driver.doorbells.count(), 1U);
  driver.notify(0);
  EXPECT_EQ(driver.device.take_kicked(), std::vector<std::uint16_t>{0});
  driver.notify_by_write(0);
  EXPECT_EQ(driver.device.take_kicked(), std::vector<std::uint16_t>{0});
  EXPECT_EQ(driver.transport->faults(), 0U);
}

TYPED_TEST(Transport, WithoutDoorbellsTheWriteServes) {
  this->driver_.doorbells.refuse(true);
  this->driver_.start();
  EXPECT_EQ(this->driver_.doorbells.count(), 0U);
  EXPECT_TRUE(this->driver_.echo_works());
}

TYPED_TEST(Transport, NotificationsOfNothingAreFaults) {
  auto& driver = this->driver_;
  driver.notify_by_write(0);
  EXPECT_EQ(driver.transport->faults(), 1U);
  driver.start();
  driver.notify_by_write(2);
  driver.notify_by_write(0xffff);
  EXPECT_GE(driver.transport->faults(), 2U);
  EXPECT_TRUE(driver.device.take_kicked().empty());
}

TYPED_TEST(Transport, ResetMakesEveryRegisterInitial) {
  auto& driver = this->driver_;
  driver.start();
  driver.device.interrupts()->signal_config();
  driver.device.interrupts()->signal_queue(0);
  EXPECT_TRUE(driver.wire());
  EXPECT_EQ(driver.set_status(0), IoStatus::ok);
  EXPECT_EQ(driver.device.resets(), 1);
  EXPECT_EQ(driver.status(), 0);
  EXPECT_FALSE(driver.wire());
  EXPECT_EQ(driver.acknowledge(), 0);
  EXPECT_EQ(driver.get(Reg::config_generation), 0U);
  EXPECT_EQ(driver.get(Reg::queue_enable), 0U);
  EXPECT_EQ(driver.doorbells.count(), 0U);
  driver.start();
  EXPECT_TRUE(driver.echo_works());
  EXPECT_EQ(driver.device.wrong_calls(), 0);
}

TYPED_TEST(Transport, ADeviceThatWasNeverActiveIsNotReset) {
  this->driver_.negotiate();
  EXPECT_EQ(this->driver_.set_status(0), IoStatus::ok);
  EXPECT_EQ(this->driver_.status(), 0);
  EXPECT_EQ(this->driver_.device.resets(), 0);
}

TYPED_TEST(Transport, AResetThatTakesLongerIsWaitedFor) {
  auto& driver = this->driver_;
  driver.start();
  driver.device.hold_resets(true);
  EXPECT_EQ(driver.set_status(0), IoStatus::busy);
  EXPECT_EQ(driver.doorbells.count(), 0U) << "detached before the device is asked";
  EXPECT_EQ(driver.set_status(0), IoStatus::busy) << "the same access again";
  EXPECT_EQ(driver.set_status(kAcknowledge), IoStatus::busy) << "another vCPU";
  EXPECT_EQ(driver.status(), kRunning) << "not 0 before it is done";
  EXPECT_EQ(driver.device.resets(), 1);
  driver.device.finish_reset();
  EXPECT_EQ(driver.status(), 0);
  EXPECT_EQ(driver.set_status(0), IoStatus::ok);
  driver.device.hold_resets(false);
  driver.start();
  EXPECT_TRUE(driver.echo_works());
  EXPECT_EQ(driver.device.wrong_calls(), 0);
}

TYPED_TEST(Transport, ANotificationOfTheOldLifeDoesNotReachTheNew) {
  auto& driver = this->driver_;
  driver.start();
  driver.notify(0);
  driver.set_status(0);
  driver.start();
  EXPECT_TRUE(driver.device.take_kicked().empty());
}

TYPED_TEST(Transport, InterruptsOfAQuietDeviceDoNothing) {
  auto& driver = this->driver_;
  driver.device.interrupts()->signal_queue(0);
  driver.device.interrupts()->needs_reset("nobody listens");
  driver.device.interrupts()->signal_config();
  EXPECT_FALSE(driver.wire());
  EXPECT_EQ(driver.acknowledge(), 0);
  EXPECT_EQ(driver.status(), 0);
  EXPECT_EQ(driver.get(Reg::config_generation), 1U) << "the generation moves on all the same";
}

TYPED_TEST(Transport, ConfigurationChangesInterrupt) {
  auto& driver = this->driver_;
  driver.start();
  driver.device.interrupts()->signal_config();
  EXPECT_TRUE(driver.wire());
  EXPECT_EQ(driver.acknowledge(), kIsrConfig);
  EXPECT_EQ(driver.get(Reg::config_generation), 1U);
}

TYPED_TEST(Transport, ABrokenRingNeedsAResetAndGetsOne) {
  auto& driver = this->driver_;
  driver.start();
  driver.queue->split().put_available(99);
  driver.queue->split().show();
  driver.device.serve();
  EXPECT_EQ(driver.status(), kRunning | kNeedsReset);
  EXPECT_TRUE(driver.wire());
  EXPECT_EQ(driver.acknowledge(), kIsrConfig);
  driver.device.interrupts()->needs_reset("again");
  EXPECT_FALSE(driver.wire()) << "said once";
  driver.set_status(0);
  EXPECT_EQ(driver.status(), 0);
  driver.start();
  EXPECT_TRUE(driver.echo_works());
}

TYPED_TEST(Transport, AnUnsoundQueueIsNotActivated) {
  auto& driver = this->driver_;
  const QueueConfig sound = DriverQueue(*driver.memory, GuestAddress(0x1000), 4).config();
  QueueConfig not_a_power = sound;
  not_a_power.size = 3;
  QueueConfig past_ram = sound;
  past_ram.device_area = GuestAddress(kMemorySize - 8);
  QueueConfig misaligned = sound;
  misaligned.descriptor_area = GuestAddress(0x1001);
  QueueConfig wrapping = sound;
  wrapping.driver_area = GuestAddress(~0ULL - 1);
  for (const QueueConfig& config : {not_a_power, past_ram, misaligned, wrapping}) {
    driver.negotiate();
    driver.set_up_queue(0, config);
    driver.set_status(kRunning);
    EXPECT_EQ(driver.status(), kRunning | kNeedsReset);
    EXPECT_TRUE(driver.wire());
    EXPECT_EQ(driver.doorbells.count(), 0U);
    driver.set_status(0);
    EXPECT_FALSE(driver.wire());
  }
  EXPECT_EQ(driver.device.activations(), 0);
  EXPECT_EQ(driver.device.resets(), 0);
  driver.start();
  EXPECT_TRUE(driver.echo_works());
}

TYPED_TEST(Transport, QueueSizesThatCannotBeAreRefused) {
  auto& driver = this->driver_;
  driver.negotiate();
  driver.set_up_queue(0, DriverQueue(*driver.memory, GuestAddress(0x1000), 4).config());
  driver.put(Reg::queue_enable, 0);
  const std::uint64_t faults = driver.transport->faults();
  driver.put(Reg::queue_size, 0);
  driver.put(Reg::queue_size, 17);
  driver.put(Reg::queue_size, 0x8000);
  EXPECT_EQ(driver.transport->faults(), faults + 3);
  driver.put(Reg::queue_enable, 1);
  driver.set_status(kRunning);
  EXPECT_EQ(driver.status(), kRunning) << "the size that was good is still there";
}

TYPED_TEST(Transport, FailedDoesNotStopTheDeviceAndAResetLeadsOut) {
  auto& driver = this->driver_;
  driver.start();
  driver.set_status(kRunning | kFailed);
  EXPECT_EQ(driver.status(), kRunning | kFailed);
  EXPECT_TRUE(driver.device.active());
  driver.set_status(0);
  EXPECT_EQ(driver.status(), 0);
}

TYPED_TEST(Transport, QuiesceEndsAllWork) {
  auto& driver = this->driver_;
  driver.start();
  driver.transport->quiesce();
  EXPECT_FALSE(driver.device.active());
  EXPECT_EQ(driver.status(), 0);
  driver.transport->quiesce();
  EXPECT_EQ(driver.device.resets(), 1);
}

TYPED_TEST(Transport, AnActiveDeviceIsResetBeforeItsTransportGoes) {
  auto& driver = this->driver_;
  driver.start();
  driver.transport.reset();
  EXPECT_EQ(driver.device.resets(), 1);
  EXPECT_FALSE(driver.device.active());
  EXPECT_EQ(driver.device.interrupts(), nullptr);
  EXPECT_EQ(driver.doorbells.count(), 0U);
  EXPECT_FALSE(driver.wire());
}

// One notification for several chains, each chain a request; through a reset they go on.
TYPED_TEST(Transport, CountsWhatHappensOnEachQueue) {
  auto& driver = this->driver_;
  const auto counts = [&driver](std::size_t queue) {
    const QueueStats stats = driver.transport->stats().queues.at(queue);
    return std::array{stats.requests, stats.interrupts};
  };
  driver.start();
  EXPECT_EQ(driver.transport->stats().name, "fake0");
  EXPECT_EQ(driver.transport->stats().kind, "virtio-blk");
  for (int i = 0; i < 3; ++i)
    driver.queue->offer({{GuestAddress(0x8000), 4}});
  driver.notify(0);
  EXPECT_EQ(counts(0), (std::array<std::uint64_t, 2>{0, 0}));
  EXPECT_EQ(driver.device.serve(), 3);
  EXPECT_EQ(counts(0), (std::array<std::uint64_t, 2>{3, 1}));
  driver.set_status(0);
  driver.start();
  EXPECT_TRUE(driver.echo_works());
  EXPECT_EQ(counts(0), (std::array<std::uint64_t, 2>{4, 2}));
  EXPECT_EQ(counts(1), (std::array<std::uint64_t, 2>{0, 0}));
  driver.set_status(0);
  driver.device.interrupts()->signal_queue(0);  // nobody is there to be interrupted
  EXPECT_EQ(counts(0), (std::array<std::uint64_t, 2>{4, 2}));
}

TYPED_TEST(Transport, TellsOfADeviceThatNeedsAResetOnce) {
  int told = 0;
  TypeParam driver(TransportOptions{.on_needs_reset = [&told] { ++told; }});
  driver.start();
  EXPECT_FALSE(driver.transport->stats().needs_reset);
  driver.device.interrupts()->needs_reset("broken");
  driver.device.interrupts()->needs_reset("broken");
  EXPECT_EQ(told, 1);
  EXPECT_TRUE(driver.transport->stats().needs_reset);
  EXPECT_EQ(driver.transport->stats().guest_faults, 1U);
  driver.set_status(0);
  EXPECT_FALSE(driver.transport->stats().needs_reset);
}

}  // namespace
}  // namespace skiff::transport_test
