import type { MachineType, Price } from '@kaito/catalog';

/** The hourly price of so many machines; undefined where the catalog knows none. Rounded to a millionth, against binary fractions. */
export function priceOf(type: MachineType, machines: number): Price | undefined {
  if (type.price === undefined) return undefined;
  return { ...type.price, amount: Math.round(type.price.amount * machines * 1e6) / 1e6 };
}
