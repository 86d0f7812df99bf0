/** One request reads a limited number of rows, and may find nothing. So many are made before the person is asked. */
const MAX_REQUESTS = 10;

/** The first page on which something is found, or else the last one that was read. */
export async function readUntilFound<Page extends { cursor?: string | undefined }>(
  read: (cursor: string | undefined) => Promise<Page>,
  isFound: (page: Page) => boolean,
  from?: string,
): Promise<Page> {
  let page = await read(from);
  for (let requests = 1; requests < MAX_REQUESTS; requests++) {
    if (page.cursor === undefined || isFound(page)) break;
    page = await read(page.cursor);
  }
  return page;
}
