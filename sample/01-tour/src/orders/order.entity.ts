import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('orders')
export class Order {
  @PrimaryColumn('varchar')
  id!: string;

  @Column('datetime')
  orderedAt!: Date;

  @Column('varchar')
  customer!: string;

  @Column('varchar')
  sku!: string;

  @Column('int')
  quantity!: number;

  @Column('int')
  unitPriceCents!: number;

  @Column('varchar', { length: 3 })
  currency!: string;

  @Index()
  @Column('datetime')
  importedAt!: Date;
}
