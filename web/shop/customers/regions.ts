import { areaList } from '@vant/area-data'
import { Hono } from 'hono'
import type { WebEnv } from '../../shared/deps.ts'

/** The districts of each city of each province, by name; empty for cities without districts. */
type Regions = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

/** No cities, but headings of the official list: what follows them belongs to the province, or is a city of its own. */
const DIRECT = /^(省直辖县|自治区直辖县级行政区划)$/
const COUNTIES_OF_CITY = '县'

function readRegions(): Regions {
  const { province_list, city_list, county_list } = areaList
  const regions: Record<string, Record<string, string[]>> = {}
  for (const [code, province] of Object.entries(province_list)) {
    const cities: Record<string, string[]> = {}
    regions[province] = cities
    for (const [cityCode, city] of Object.entries(city_list)) {
      if (cityCode.slice(0, 2) !== code.slice(0, 2)) continue
      const districts = Object.entries(county_list)
        .filter(([districtCode]) => districtCode.slice(0, 4) === cityCode.slice(0, 4))
        .map(([, district]) => district)
      if (DIRECT.test(city)) for (const district of districts) cities[district] = []
      else {
        const name = city === COUNTIES_OF_CITY ? province : city
        cities[name] = [...(cities[name] ?? []), ...districts]
      }
    }
  }
  return regions
}

const REGIONS = readRegions()
export const PROVINCES: readonly string[] = Object.keys(REGIONS)
/** Another one for another list: it is kept by browsers. */
export const REGIONS_AT = '/points-mall/regions.json?v=2.1.0'

export const regionRoutes = () =>
  new Hono<WebEnv>().get('/regions.json', (c) =>
    c.json(REGIONS, 200, { 'Cache-Control': 'public, max-age=31536000, immutable' }),
  )
