import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What came in between two nightly reports. */
@Entity('reports')
export class Report {
  /** Fire time of the run that made it: a second attempt writes the same row. */
  @PrimaryColumn('datetime')
  until!: Date;

  @Column('datetime')
  from!: Date;

  @Column('int')
  orders!: number;

  /** Currency code to cents. */
  @Column('simple-json')
  revenue!: Record<string, number>;

  @Column('varchar')
  file!: string;
}
