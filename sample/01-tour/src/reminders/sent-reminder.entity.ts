import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Stands where a real application would have sent a mail. */
@Entity('sent_reminders')
export class SentReminder {
  /** Id of the job. */
  @PrimaryColumn('varchar')
  id!: string;

  @Column('varchar')
  userId!: string;

  @Column('varchar')
  text!: string;

  @Column('datetime')
  dueAt!: Date;

  @Column('datetime')
  sentAt!: Date;
}
