import { parseCsv } from './csv.js';
import type { Order } from './order.entity.js';

export type NewOrder = Omit<Order, 'importedAt'>;

/** The orders of a file, or an error that names every faulty line: a file is taken whole or not at all. */
export function readOrders(text: string): NewOrder[] {
  const rows = parseCsv(text);
  const faults = rows.flatMap((row, index) => faultsOf(row).map((fault) => `line ${index + 2}: ${fault}`));
  if (rows.length === 0) faults.push('no orders in it');
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return rows.map((row) => ({
    id: row.order_id!,
    orderedAt: new Date(row.ordered_at!),
    customer: row.customer!,
    sku: row.sku!,
    quantity: Number(row.quantity),
    unitPriceCents: Math.round(Number(row.unit_price) * 100),
    currency: row.currency!,
  }));
}

function faultsOf(row: Record<string, string>): string[] {
  const faults: string[] = [];
  if (!row.order_id) faults.push('order_id is missing');
  if (Number.isNaN(Date.parse(row.ordered_at ?? ''))) faults.push(`ordered_at "${row.ordered_at}" is no instant`);
  if (!/^[1-9]\d{0,5}$/.test(row.quantity ?? '')) faults.push(`quantity "${row.quantity}" is no whole number above 0`);
  if (!/^\d{1,7}(\.\d\d?)?$/.test(row.unit_price ?? '')) faults.push(`unit_price "${row.unit_price}" is no price`);
  if (!/^[A-Z]{3}$/.test(row.currency ?? '')) faults.push(`currency "${row.currency}" is no currency code`);
  return faults;
}
