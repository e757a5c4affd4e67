import type { Entry, KeptOrder, KeptPerson, Outbox } from './kept.ts';

const NAME = 'citywatch.orders';
const PERSON = 'last';

interface Photo {
  owner: string;
  bytes: ArrayBuffer;
}

/** An entry that has no place in the queue yet. */
export type NewEntry = Omit<Entry, 'seq'>;

let opened: Promise<IDBDatabase> | null = null;

/** What this device keeps of work orders (IndexedDB). Rejects where the browser keeps nothing. */
export const db = {
  entries(owner: string, order?: string): Promise<Entry[]> {
    return reading('entries', async (store) => {
      const all = (await answered(store.getAll())) as Entry[];
      return all.filter((entry) => entry.owner === owner && (order === undefined || entry.order === order));
    });
  },
  /** Changes one that is there: what was forgotten meanwhile stays forgotten. */
  async put(entry: Entry): Promise<boolean> {
    let isThere = false;
    await writing(['entries'], ([store]) => {
      change(store, entry.seq, entry, () => {
        isThere = true;
      });
    });
    return isThere;
  },
  /** Gives it its place, at the end. */
  add(entry: NewEntry, bytes?: ArrayBuffer): Promise<void> {
    return writing(['entries', 'photos'], ([entries, photos]) => {
      entries?.add(entry);
      if (bytes) photos?.put({ owner: entry.owner, bytes }, entry.id);
    });
  },
  remove({ seq, id }: Entry): Promise<void> {
    return writing(['entries', 'photos'], ([entries, photos]) => {
      entries?.delete(seq);
      photos?.delete(id);
    });
  },
  async takeBack({ seq }: Entry): Promise<boolean> {
    let isBack = false;
    await writing(['entries', 'photos'], ([entries, photos]) => {
      if (!entries) return;
      const known = entries.get(seq) as IDBRequest<Entry | undefined>;
      known.onsuccess = () => {
        if (known.result?.state !== 'waiting') return;
        entries.delete(seq);
        photos?.delete(known.result.id);
        isBack = true;
      };
    });
    return isBack;
  },
  bytes({ id }: Entry): Promise<ArrayBuffer | null> {
    return reading('photos', async (store) => ((await answered(store.get(id))) as Photo | undefined)?.bytes ?? null);
  },
  order(owner: string, number: string): Promise<KeptOrder | null> {
    return reading('orders', async (store) => ((await answered(store.get([owner, number]))) as KeptOrder) ?? null);
  },
  orders(owner: string): Promise<KeptOrder[]> {
    return reading('orders', async (store) => {
      return ((await answered(store.getAll())) as KeptOrder[]).filter((kept) => kept.owner === owner);
    });
  },
  /** Changes one that is there, as `put`. */
  putOrder: (kept: KeptOrder) => writing(['orders'], ([store]) => change(store, [kept.owner, kept.number], kept)),
  /**
   * Keeps an order as the gateway has it now, or not any more where it is over. Not where something of it waits: then
   * it stays as its owner saw it, and false is answered.
   */
  async takeOrder(kept: KeptOrder, isOver: boolean): Promise<boolean> {
    const key = [kept.owner, kept.number];
    let isTaken = true;
    await writing(['orders', 'entries'], ([orders, entries]) => {
      if (!orders || !entries) return;
      const all = entries.getAll() as IDBRequest<Entry[]>;
      const known = orders.getKey(key);
      known.onsuccess = () => {
        const waits = all.result.some((entry) => entry.owner === kept.owner && entry.order === kept.number);
        if (waits && known.result !== undefined) isTaken = false;
        else if (isOver && !waits) orders.delete(key);
        else orders.put(kept);
      };
    });
    return isTaken;
  },
  removeOrder({ owner, number }: Pick<KeptOrder, 'owner' | 'number'>): Promise<void> {
    return writing(['orders'], (stores) => void stores[0]?.delete([owner, number]));
  },
  person<Session>(): Promise<KeptPerson<Session> | null> {
    return reading('people', async (store) => ((await answered(store.get(PERSON))) as KeptPerson<Session>) ?? null);
  },
  putPerson: (person: KeptPerson<unknown>) => writing(['people'], (stores) => void stores[0]?.put(person, PERSON)),
  removePerson: () => writing(['people'], (stores) => void stores[0]?.delete(PERSON)),
  /** Whether anybody has entries here that were not sent; says nothing of whose they are. */
  async isAnythingUnsent(): Promise<boolean> {
    return reading('entries', async (store) => (await answered(store.count())) > 0);
  },
  /** Removes all that one person has here. */
  forget: (owner: string) => sweep((kept) => kept.owner === owner),
  /** Removes what others have here, apart from what they did not send yet and the orders that it belongs to. */
  async forgetOthers(owner: string): Promise<void> {
    const unsent = await reading('entries', async (store) => (await answered(store.getAll())) as Entry[]);
    const needed = new Set(unsent.map((entry) => `${entry.owner} ${entry.order}`));
    await sweep((kept) => {
      return kept.owner !== owner && kept.number !== undefined && !needed.has(`${kept.owner} ${kept.number}`);
    });
  },
} satisfies Outbox & Record<string, unknown>;

async function sweep(isOld: (kept: { owner: string; number?: string }) => boolean): Promise<void> {
  await writing(['orders', 'entries', 'photos'], (stores) => {
    for (const store of stores) {
      const walk = store.openCursor();
      walk.onsuccess = () => {
        const cursor = walk.result;
        if (!cursor) return;
        if (isOld(cursor.value as { owner: string; number?: string })) cursor.delete();
        cursor.continue();
      };
    }
  });
}

function open(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      const made = asked.result;
      made.createObjectStore('orders', { keyPath: ['owner', 'number'] });
      made.createObjectStore('entries', { keyPath: 'seq', autoIncrement: true });
      made.createObjectStore('photos');
      made.createObjectStore('people');
    };
    asked.onsuccess = () => {
      // Another version of the page may want to change what is kept.
      asked.result.onversionchange = () => asked.result.close();
      asked.result.onclose = () => {
        opened = null;
      };
      resolve(asked.result);
    };
    asked.onerror = () => reject(asked.error);
  }).catch((error) => {
    opened = null;
    throw error;
  });
  return opened;
}

function change(
  store: IDBObjectStore | undefined,
  key: IDBValidKey,
  value: Entry | KeptOrder,
  onThere = () => {},
): void {
  const known = store?.getKey(key);
  if (!store || !known) return;
  known.onsuccess = () => {
    if (known.result === undefined) return;
    store.put(value);
    onThere();
  };
}

type Place = 'orders' | 'entries' | 'photos' | 'people';

async function reading<Answer>(place: Place, read: (store: IDBObjectStore) => Promise<Answer>): Promise<Answer> {
  const opened = await open();
  return await read(opened.transaction(place).objectStore(place));
}

/** Resolves when it is kept for good. */
async function writing(places: Place[], write: (stores: IDBObjectStore[]) => void): Promise<void> {
  const opened = await open();
  await new Promise<void>((resolve, reject) => {
    const tx = opened.transaction(places, 'readwrite', { durability: 'strict' });
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error);
    write(places.map((place) => tx.objectStore(place)));
  });
}

function answered<Answer>(asked: IDBRequest<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}
