/** An application as a stranger writes it, against the packed tarball: the same text in legacy and in TC39 decorators. */
import { createBus, type Delivery, Event, On, Subscriber } from "signalbox";

class OrderPlaced extends Event("shop.order.placed", { key: (order: { orderId: string }) => order.orderId })<{
  orderId: string;
  total: number;
}> {}

@Subscriber({ name: "mails", lane: "mail" })
class OrderMails {
  static readonly sent: string[] = [];

  @On(OrderPlaced, { name: "receipt", retry: { attempts: 3, delay: 1 } })
  sendReceipt(order: OrderPlaced, delivery: Delivery): void {
    if (delivery.attempt === 1) throw new Error("the mailer is down");
    OrderMails.sent.push(`${order.orderId} ${order.total} in attempt ${delivery.attempt}`);
  }
}

const bus = createBus({ subscribers: [OrderMails], lanes: { mail: { concurrency: 5, capacity: 1_000 } } });
await bus.start();
const receipt = await bus.publish(new OrderPlaced({ orderId: "o-1", total: 12 }));
const tally = await receipt.settled();
await bus.close();
console.log(`${OrderMails.sent.join()}; ${tally.done} done`);
