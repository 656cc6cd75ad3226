#include "devices/pci/shared_irq_pin.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_irq_sink.h"

namespace skiff {
namespace {

TEST(SharedIrqPin, IsUpWhileAnyInputIs) {
  FakeIrqSink sink;
  SharedIrqPin pin(&sink);
  IrqLine a(&pin.add_input());
  IrqLine b(&pin.add_input());
  a.raise();
  b.raise();
  EXPECT_TRUE(sink.level);
  a.lower();
  EXPECT_TRUE(sink.level) << "b still holds it";
  b.lower();
  EXPECT_FALSE(sink.level);
  EXPECT_EQ(sink.edges, 1);
}

TEST(SharedIrqPin, RepeatedLevelsOfOneInputCountOnce) {
  FakeIrqSink sink;
  SharedIrqPin pin(&sink);
  IrqSink& a = pin.add_input();
  IrqSink& b = pin.add_input();
  a.set_level(true);
  a.set_level(true);
  a.set_level(false);
  EXPECT_FALSE(sink.level) << "raised twice, but it is one wire";
  b.set_level(false);
  a.set_level(true);
  EXPECT_TRUE(sink.level) << "a wire that was low takes nothing away when it is lowered";
}

TEST(SharedIrqPin, DestroyedSharerLetsGo) {
  FakeIrqSink sink;
  SharedIrqPin pin(&sink);
  {
    IrqLine a(&pin.add_input());
    a.raise();
    EXPECT_TRUE(sink.level);
  }
  EXPECT_FALSE(sink.level);
}

TEST(SharedIrqPin, EoiReachesEverySharerThatAsked) {
  FakeIrqSink sink;
  SharedIrqPin pin(&sink);
  int a_eois = 0;
  int b_eois = 0;
  IrqSink& a = pin.add_input();
  IrqSink& b = pin.add_input();
  pin.add_input();
  EXPECT_FALSE(sink.eoi_handler) << "nobody listens yet";
  a.set_eoi_handler([&] { ++a_eois; });
  b.set_eoi_handler([&] { ++b_eois; });
  ASSERT_TRUE(sink.eoi_handler);
  sink.eoi_handler();
  EXPECT_EQ(a_eois, 1);
  EXPECT_EQ(b_eois, 1);
  a.set_eoi_handler({});
  sink.eoi_handler();
  EXPECT_EQ(a_eois, 1);
  EXPECT_EQ(b_eois, 2);
  b.set_eoi_handler({});
  EXPECT_FALSE(sink.eoi_handler);
}

TEST(SharedIrqPin, LeadsNowhereWithoutASink) {
  SharedIrqPin pin(nullptr);
  IrqLine a(&pin.add_input());
  a.raise();
  a.on_eoi([] {});
}

}  // namespace
}  // namespace skiff
