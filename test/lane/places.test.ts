import { expect, test } from "vitest";
import { Places, type Waiter } from "../../src/lane/places.js";

function setup(capacity: number) {
  const told: boolean[] = [];
  const granted: string[] = [];
  const places = new Places(capacity, (isFull) => void told.push(isFull));
  const waiter = (label: string, isOwed = false): Waiter => ({
    granted: () => void granted.push(label),
    isOwed,
    isGone: false,
  });
  const fill = (): void => void (places.held = capacity);
  return { places, told, granted, waiter, fill };
}

test("a place that becomes free goes to who waited first", () => {
  const { places, granted, waiter, fill } = setup(2);
  fill();
  places.wait(waiter("a"));
  places.wait(waiter("b"));
  places.release();
  expect(granted).toEqual(["a"]);
  expect(places.held).toBe(2);
  places.release();
  expect(granted).toEqual(["a", "b"]);
  expect(places.waiting).toBe(0);
});

test("a newcomer never overtakes a publish that waits", () => {
  const { places, waiter } = setup(2);
  places.wait(waiter("a"));
  expect(places.isOpen).toBe(false);
  expect(places.isOpenFor(1)).toBe(false);
});

test("there is room for as many as there are free places", () => {
  const { places } = setup(3);
  places.held = 1;
  expect([1, 2, 3].map((count) => places.isOpenFor(count))).toEqual([true, true, false]);
});

test("as many get a place as places are free", () => {
  const { places, granted, waiter } = setup(5);
  places.held = 3;
  for (const label of ["a", "b"]) places.wait(waiter(label));
  places.release();
  expect(granted).toEqual(["a", "b"]);
  expect([places.held, places.waiting]).toEqual([4, 0]);
});

test("who stays keeps its turn, however many before it go away", () => {
  const { places, granted, waiter, fill } = setup(3);
  fill();
  const all = Array.from({ length: 60 }, (_, index) => waiter(`${index}`));
  for (const each of all) places.wait(each);
  for (const each of all) if (!["7", "30", "59"].includes(`${all.indexOf(each)}`)) places.stopWaiting(each);
  for (let free = 0; free < 3; free++) places.release();
  expect(granted).toEqual(["7", "30", "59"]);
});

test("who has gone away gets no place and keeps nobody waiting", () => {
  const { places, granted, waiter, fill } = setup(1);
  fill();
  const [a, b] = [waiter("a"), waiter("b")];
  places.wait(a);
  places.wait(b);
  places.stopWaiting(a);
  places.stopWaiting(a);
  expect(places.waiting).toBe(1);
  places.release();
  expect(granted).toEqual(["b"]);
  places.stopWaiting(b);
  expect(places.waiting).toBe(0);
});

test("places held beyond the capacity are given back before anybody gets one", () => {
  const { places, granted, waiter } = setup(2);
  places.held = 4;
  places.wait(waiter("a"));
  places.release();
  places.release();
  expect(granted).toEqual([]);
  places.release();
  expect(granted).toEqual(["a"]);
});

test("what is owed waits uncounted", () => {
  const { places, waiter, fill } = setup(1);
  fill();
  const owed = waiter("owed", true);
  places.wait(owed);
  places.wait(waiter("a"));
  expect([places.waiting, places.waitingUnowed]).toEqual([2, 1]);
  places.stopWaiting(owed);
  expect([places.waiting, places.waitingUnowed]).toEqual([1, 1]);
  places.wait(waiter("owed", true));
  places.release();
  places.release();
  expect([places.waiting, places.waitingUnowed]).toEqual([0, 0]);
});

test("a lane is said to be full once, and free again when half of it is", () => {
  const { places, told, fill } = setup(4);
  expect(places.isOpen).toBe(true);
  fill();
  void places.isOpen;
  void places.isOpen;
  expect(told).toEqual([true]);
  places.release();
  expect(told).toEqual([true]);
  places.release();
  expect(told).toEqual([true, false]);
  fill();
  void places.isOpen;
  expect(told).toEqual([true, false, true]);
});
